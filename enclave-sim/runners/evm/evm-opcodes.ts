import type { EVMOpts } from "@ethereumjs/evm";
import type { EngineHost, EngineLimits } from "../js/js-engine.ts";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { GAS_LIMIT, GAS_PER_TICK, REMOVED_OPCODES } from "./evm-rules.ts";

const JUMPDEST = 0x5b;

/**
 * Instructions that the lane leaves out, and JUMPDEST, which every loop passes, as the place where a run is asked to stop.
 * What its handler throws is no error of the machine, so it ends the whole run: `INTERRUPTED`, `RUN_FUEL`, `RUN_MEMORY`.
 */
export const evmOpcodes = (
  limits: EngineLimits,
  host: EngineHost,
): NonNullable<EVMOpts["customOpcodes"]> => {
  const gas = Math.min(GAS_LIMIT, limits.maxFuel * GAS_PER_TICK);
  /**
   * A host's lower bound on gas: what the outermost frame has left when it is used up. Frames inside do not know what
   * their callers kept, so there it is looked at when they return.
   */
  const least = BigInt(GAS_LIMIT - gas);
  return [
    {
      opcode: JUMPDEST,
      opcodeName: "JUMPDEST",
      baseFee: 1,
      logicFunction: (state) => {
        if (host.cancelled()) throw fabricError("INTERRUPTED", { what: "The run" });
        if (state.env.depth === 0 && state.gasLeft < least)
          throw fabricError("RUN_FUEL", { limit: limits.maxFuel });
        if (Number(state.memoryWordCount) * 32 > limits.memoryBytes)
          throw fabricError("RUN_MEMORY", { limit: limits.memoryBytes });
      },
    },
    ...REMOVED_OPCODES.map((opcode) => ({ opcode })),
  ];
};
