/** Version of the admission rules and of the metering. */
export const ADMISSION_VERSION = 1;
/** Instructions of one tick; the same work takes the same ticks on every machine. */
export const INSTRUCTIONS_PER_TICK = 100_000;
/** Bytes that are copied, filled or taken across the wall for one instruction's fuel, as a shift. */
export const BYTES_SHIFT = 3;

/** What is measured as the interpreter of lane wasm: the rules that a module passed, not the machine below them. */
export const wasmInterpreter = (): string =>
  JSON.stringify({ admission: ADMISSION_VERSION, instructionsPerTick: INSTRUCTIONS_PER_TICK });
