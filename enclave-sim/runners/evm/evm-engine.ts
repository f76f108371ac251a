import type { EVM, EVMResult } from "@ethereumjs/evm";
import {
  type FabricError,
  fabricError,
  isFabricError,
} from "../../../src/core/errors/fabric-error.ts";
import { toRefusal } from "../../../src/sdk/guest-error.ts";
import type { EngineLimits, EngineResult, EngineRun } from "../js/js-engine.ts";
import type { LaneEngine, LaneEngineParts, LaneInstance } from "../lane-engine.ts";
import { evmOpcodes } from "./evm-opcodes.ts";
import { evmPrecompiles } from "./evm-precompiles.ts";
import { type EvmLibrary, loadEvmLibrary } from "./evm-library.ts";
import {
  CALLER_ADDRESS,
  CHAIN_ID,
  CRYPTLET_ADDRESS,
  GAS_LIMIT,
  GAS_PER_TICK,
  HARDFORK,
  MAX_CODE_BYTES,
  MAX_DEPTH,
} from "./evm-rules.ts";
import { revertReason } from "./revert-reason.ts";

const encoder = new TextEncoder();
/** First byte of code that no chain takes (EIP-3541). */
const RESERVED_BYTE = 0xef;

/**
 * Lane evm: runtime code under ethereumjs, in a machine that lives for one run and whose block never changes. Gas is
 * the fuel. Calldata is the trigger's JSON, return data the outcome's; host calls go to the contract `HOST_ADDRESS`.
 * `build` throws `CRYPTLET_INIT_FAILED`, `LANE_ENGINE_MISSING`.
 * @example
 * ```ts
 * const engine = createEvmEngine({ limits, host });
 * const instance = await engine.restore(await engine.build(code, "gold-median"));
 * const result = await instance.run({ triggerText, seed, at });
 * ```
 */
export const createEvmEngine = ({ limits, host }: LaneEngineParts): LaneEngine => ({
  build: async (code, cryptlet) => {
    await loadEvmLibrary();
    const refuse = (reason: string) => fabricError("CRYPTLET_INIT_FAILED", { cryptlet, reason });
    if (code.length === 0) throw refuse("there is no code");
    if (code.length > MAX_CODE_BYTES)
      throw refuse(`its code has ${code.length} bytes, ${MAX_CODE_BYTES} are allowed`);
    if (code[0] === RESERVED_BYTE) throw refuse("its code begins with 0xef");
    return { lane: "evm", code };
  },
  restore: async (snapshot): Promise<LaneInstance> => {
    if (snapshot.lane !== "evm") throw new Error(`a snapshot of lane ${snapshot.lane}`);
    const library = await loadEvmLibrary();
    const machine = await createMachine(library, { limits, host }, snapshot.code);
    return {
      run: async (run) => {
        try {
          return resultOf(await callCryptlet(library, machine, run), limits);
        } catch (error) {
          return { error: toRefusal(asError(error, limits)), fuel: 0 };
        }
      },
    };
  },
});

const createMachine = async (
  { evm, common, util }: EvmLibrary,
  { limits, host }: LaneEngineParts,
  code: Uint8Array,
): Promise<EVM> => {
  const params = structuredClone(evm.paramsEVM);
  params[1] = { ...params[1], stackLimit: MAX_DEPTH };
  const library = { evm, common, util };
  const machine = await evm.createEVM({
    common: common.createCustomCommon({ chainId: CHAIN_ID }, common.Mainnet, {
      hardfork: HARDFORK,
    }),
    params,
    customOpcodes: evmOpcodes(limits, host),
    customPrecompiles: evmPrecompiles(library, host),
  });
  await machine.stateManager.putCode(util.createAddressFromString(CRYPTLET_ADDRESS), code);
  return machine;
};

const callCryptlet = (
  { util }: EvmLibrary,
  machine: EVM,
  { triggerText, at }: EngineRun,
): Promise<EVMResult> => {
  const zero = util.createZeroAddress();
  return machine.runCall({
    caller: util.createAddressFromString(CALLER_ADDRESS),
    to: util.createAddressFromString(CRYPTLET_ADDRESS),
    data: encoder.encode(triggerText),
    gasLimit: BigInt(GAS_LIMIT),
    skipNonceIncrement: true,
    // Everything but the time is held still. `blockhash` gives zeros: no block before is known.
    block: {
      header: {
        number: 0n,
        coinbase: zero,
        timestamp: BigInt(Math.floor(at / 1_000)),
        difficulty: 0n,
        prevRandao: new Uint8Array(32),
        gasLimit: BigInt(GAS_LIMIT),
        baseFeePerGas: 0n,
        getBlobGasPrice: () => 0n,
      },
    },
  });
};

const resultOf = ({ execResult }: EVMResult, limits: EngineLimits): EngineResult => {
  const fuel = Number(execResult.executionGasUsed);
  const failed = (error: FabricError): EngineResult => ({ error: toRefusal(error), fuel });
  const { exceptionError: exception, returnValue } = execResult;
  if (exception?.error === "out of gas")
    return failed(fabricError("RUN_FUEL", { limit: limits.maxFuel }));
  if (exception?.error === "revert")
    return failed(fabricError("GUEST_THREW", { reason: revertReason(returnValue) }));
  if (exception) return failed(fabricError("GUEST_CRASHED", { reason: exception.error }));
  // Last: what ends by force has used all its gas, and that is not why it ended.
  if (fuel > limits.maxFuel * GAS_PER_TICK)
    return failed(fabricError("RUN_FUEL", { limit: limits.maxFuel }));
  let text: string;
  try {
    // Bytes before characters: what is far too long is not decoded.
    if (returnValue.length > limits.outcomeCharacters * 3)
      throw tooLarge(returnValue.length, limits);
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(returnValue);
  } catch (error) {
    return failed(
      isFabricError(error)
        ? error
        : fabricError("GUEST_ANSWER_INVALID", { reason: "bytes that are no UTF-8" }),
    );
  }
  return text.length > limits.outcomeCharacters
    ? failed(tooLarge(text.length, limits))
    : { text, fuel };
};

const tooLarge = (size: number, limits: EngineLimits) =>
  fabricError("GUEST_ANSWER_TOO_LARGE", { size, limit: limits.outcomeCharacters });

/** What came out of the machine that is no error of the code: our own words, or a defect of the library. */
const asError = (error: unknown, limits: EngineLimits): FabricError => {
  if (isFabricError(error)) return error;
  if (error instanceof RangeError) return fabricError("RUN_MEMORY", { limit: limits.memoryBytes });
  const reason =
    error instanceof Error ? error.message.slice(0, 300) : "something that is no error";
  return fabricError("GUEST_CRASHED", { reason });
};
