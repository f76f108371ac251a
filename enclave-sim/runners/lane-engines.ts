import { digestOf } from "../../src/crypto/hashes.ts";
import { readEngineBytes } from "./js/engine-bytes.ts";
import { evmInterpreter } from "./evm/evm-interpreter.ts";
import { wasmInterpreter } from "./wasm/wasm-interpreter.ts";
import type { EngineLane, LaneEngineRow } from "./lane-engine.ts";

/** One row per lane that has an engine. Rows load their engine late: most threads need one of them. */
export const laneEngines: Partial<Readonly<Record<EngineLane, LaneEngineRow>>> = {
  js: {
    interpreter: () => JSON.stringify({ engine: digestOf(readEngineBytes()) }),
    create: async (parts) => {
      const { createJsLaneEngine } = await import("./js/js-lane-engine.ts");
      return createJsLaneEngine(parts);
    },
  },
  evm: {
    interpreter: evmInterpreter,
    create: async (parts) => {
      const { createEvmEngine } = await import("./evm/evm-engine.ts");
      return createEvmEngine(parts);
    },
  },
  wasm: {
    interpreter: wasmInterpreter,
    create: async (parts) => {
      const { createWasmEngine } = await import("./wasm/wasm-engine.ts");
      return createWasmEngine(parts);
    },
  },
};
