import { createWasmEngine } from "../../enclave-sim/runners/wasm/wasm-engine.ts";
import type { EngineLimits, EngineRun } from "../../enclave-sim/runners/js/js-engine.ts";

export const WASM_LIMITS: EngineLimits = {
  memoryBytes: 4_194_304,
  maxFuel: 1_000,
  outcomeCharacters: 10_000,
};

export interface WasmEnd {
  readonly text?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly fuel: number;
}

/** Builds and runs a module on this thread's engine; what fails is told by its code. */
export const runWasm = async (
  bytes: Uint8Array,
  options: {
    readonly limits?: Partial<EngineLimits>;
    readonly answer?: (request: string) => string;
    readonly cancelled?: () => boolean;
    readonly run?: Partial<EngineRun>;
  } = {},
): Promise<WasmEnd> => {
  const engine = createWasmEngine({
    limits: { ...WASM_LIMITS, ...options.limits },
    host: {
      call: options.answer ?? (() => '{"ok":null}'),
      cancelled: options.cancelled ?? (() => false),
    },
  });
  const instance = await engine.restore(await engine.build(bytes, "probe"));
  const result = await instance.run({
    triggerText: "{}",
    seed: "07".repeat(32),
    at: 1_700_000_000_000,
    ...options.run,
  });
  if (!("error" in result)) return result;
  const { code, arguments: values } = result.error;
  return { code, reason: values["reason"] ?? "", fuel: result.fuel };
};
