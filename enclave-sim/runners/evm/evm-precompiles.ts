import type { CustomPrecompile, PrecompileFunc } from "@ethereumjs/evm";
import { answerPure } from "../../capabilities/intrinsics/answer-pure.ts";
import type { EngineHost } from "../js/js-engine.ts";
import {
  GAS_PER_TICK,
  HOST_ADDRESS,
  HOST_GAS,
  JSON_ADDRESS,
  JSON_GAS,
  REMOVED_PRECOMPILES,
} from "./evm-rules.ts";
import type { EvmLibrary } from "./evm-library.ts";
import { answerJsonQuery } from "./json-query.ts";

const encoder = new TextEncoder();
/** Ill-formed bytes become U+FFFD: the enclave then refuses the call as JSON that it does not know. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What a contract of the lane gives, and what that costs beside its bytes. */
interface Done {
  readonly returnValue: Uint8Array;
  readonly gas?: bigint;
}

/** The lane's own contracts, and mainnet's that it leaves out. What `host.call` throws ends the run. */
export const evmPrecompiles = ({ evm }: EvmLibrary, host: EngineHost): CustomPrecompile[] => {
  const { EVMError } = evm;
  /** All gas is gone, as after any failed call of a contract of the machine. */
  const failed = (
    gasLimit: bigint,
    message: (typeof EVMError.errorMessages)[keyof typeof EVMError.errorMessages],
  ) => ({
    executionGasUsed: gasLimit,
    returnValue: new Uint8Array(0),
    exceptionError: new EVMError(message),
  });
  const contract =
    (
      price: { readonly base: bigint; readonly perByte: bigint },
      act: (data: Uint8Array) => Done | null,
    ): PrecompileFunc =>
    ({ data, gasLimit }) => {
      const asked = price.base + price.perByte * BigInt(data.length);
      // Paid before the work is done: a call that cannot pay does nothing.
      if (asked > gasLimit) return failed(gasLimit, EVMError.errorMessages.OUT_OF_GAS);
      const done = act(data);
      if (!done) return failed(gasLimit, EVMError.errorMessages.INVALID_INPUTS);
      const { returnValue, gas = 0n } = done;
      const executionGasUsed = asked + gas + price.perByte * BigInt(returnValue.length);
      return executionGasUsed > gasLimit
        ? failed(gasLimit, EVMError.errorMessages.OUT_OF_GAS)
        : { executionGasUsed, returnValue };
    };
  const callHost = (data: Uint8Array): Done => {
    const text = decoder.decode(data);
    const pure = answerPure(text);
    return pure
      ? { returnValue: encoder.encode(pure.text), gas: BigInt(pure.fuel * GAS_PER_TICK) }
      : { returnValue: encoder.encode(host.call(text)) };
  };
  return [
    { address: HOST_ADDRESS, function: contract(HOST_GAS, callHost) },
    { address: JSON_ADDRESS, function: contract(JSON_GAS, readJson) },
    ...REMOVED_PRECOMPILES.map((address) => ({ address })),
  ];
};

const readJson = (data: Uint8Array): Done | null => {
  const returnValue = answerJsonQuery(data);
  return returnValue && { returnValue };
};
