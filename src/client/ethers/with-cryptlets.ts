import {
  AbiCoder,
  isError,
  makeError,
  resolveAddress,
  type BaseContract,
  type ContractRunner,
  type TransactionRequest,
  type TransactionResponse,
} from "ethers";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { createCallAnswerer, type CryptletCallOptions } from "../chain/answer-call.ts";
import type { CallOutcome, ChainCall, ChainPort, Hex } from "../chain/chain-port.ts";

const toHex = (data: string | null | undefined): Hex => (data ?? "0x") as Hex;

/** A refusal of the contract as ethers throws it; `Contract` finds the error's name by its ABI. */
const callException = (data: Hex): Error =>
  makeError("execution reverted", "CALL_EXCEPTION", {
    action: "call",
    data,
    reason: null,
    transaction: { to: null, data: "0x" },
    invocation: null,
    revert: null,
  });

const toRequest = ({ to, data, value, from }: ChainCall): TransactionRequest => ({
  to,
  data,
  value,
  ...(from === null ? {} : { from }),
});

/** Fields of the caller's request that are not about what is called: fees, nonce, block. */
const keepRest = (request: TransactionRequest, call: ChainCall): TransactionRequest => ({
  ...request,
  to: call.to,
  data: call.data,
  value: call.value,
});

const createPort = (runner: ContractRunner, request: TransactionRequest): ChainPort => {
  const coder = AbiCoder.defaultAbiCoder();
  return {
    call: async (call): Promise<CallOutcome> => {
      if (!runner.call) throw fabricError("CHAIN_RUNNER_UNABLE", { what: "call" });
      const { blockTag } = request;
      const asked = { ...toRequest(call), ...(blockTag === undefined ? {} : { blockTag }) };
      try {
        return { ok: true, data: toHex(await runner.call({ ...asked, enableCcipRead: false })) };
      } catch (error) {
        if (isError(error, "CALL_EXCEPTION")) return { ok: false, data: toHex(error.data), error };
        throw error;
      }
    },
    send: async (call) => {
      if (!runner.sendTransaction) throw fabricError("CHAIN_RUNNER_UNABLE", { what: "send" });
      const asked = toRequest(call);
      // Another's update in the same block changes what ours costs.
      const gas = (await runner.estimateGas?.(asked)) ?? null;
      const limit = gas === null ? {} : { gasLimit: gas + gas / 4n };
      const sent = await runner.sendTransaction({ ...asked, ...limit });
      await sent.wait();
    },
    encode: (types, values) => coder.encode([...types], [...values]) as Hex,
    decode: (types, data) => coder.decode([...types], data).toArray(true),
    toError: callException,
  };
};

/** A runner that answers what contracts ask for, and is otherwise the one below it. */
const createRunner = (runner: ContractRunner, options: CryptletCallOptions): ContractRunner => {
  const answerer = createCallAnswerer(options);
  const { call, sendTransaction, estimateGas, resolveName } = runner;
  const names = resolveName
    ? { resolveName: (name: string) => resolveName.call(runner, name) }
    : null;
  const toCall = async (request: TransactionRequest): Promise<ChainCall> => ({
    to: request.to ? ((await resolveAddress(request.to, names)) as Hex) : null,
    data: toHex(request.data),
    value: BigInt(request.value ?? 0),
    from: request.from ? ((await resolveAddress(request.from, names)) as Hex) : null,
  });
  const prepare = async (request: TransactionRequest): Promise<TransactionRequest> => {
    const asked = await toCall(request);
    if (!answerer.covers(asked)) return request;
    return keepRest(request, await answerer.prepare(createPort(runner, request), asked));
  };
  return {
    provider: runner.provider,
    ...names,
    ...(estimateGas
      ? { estimateGas: (request: TransactionRequest) => estimateGas.call(runner, request) }
      : {}),
    ...(call
      ? {
          call: async (request: TransactionRequest): Promise<string> => {
            const asked = await toCall(request);
            if (!answerer.covers(asked)) return await call.call(runner, request);
            return await answerer.read(createPort(runner, request), asked);
          },
        }
      : {}),
    ...(sendTransaction
      ? {
          sendTransaction: async (request: TransactionRequest): Promise<TransactionResponse> =>
            await sendTransaction.call(runner, await prepare(request)),
        }
      : {}),
  };
};

/** What `withCryptlets` takes: the contract itself is the one that is answered. */
export type WithCryptletsOptions = Omit<CryptletCallOptions, "contracts">;

/**
 * The same ethers contract, which gets the observations that it asks for: by arguments (`pullArguments`), by EIP-3668
 * (`OffchainLookup`) or by ERC-7412 (`OracleDataRequired`, `Errors`, `FeeRequired`). Every bundle is verified under
 * `trust` before it goes anywhere; gateways that the contract names are never asked, and only the feeds and oracles that
 * were told are used. Reads send nothing. A transaction's updates are sent before it, each on its own, or with it through
 * `multicall`. Throws `CHAIN_RUNNER_UNABLE` for a contract without a runner; its calls throw `CHAIN_LOOKUP_REFUSED`,
 * `CHAIN_LOOKUP_ENDLESS`, `CHAIN_FEE_REFUSED`, `CHAIN_ANSWER_MALFORMED`, `FEED_UPDATE_REFUSED` beside what ethers throws.
 * @example
 * ```ts
 * import { Contract, JsonRpcProvider } from "ethers";
 * import { createFabricClient } from "cryptlet-fabric/client";
 * import { withCryptlets } from "cryptlet-fabric/client/ethers";
 *
 * const provider = new JsonRpcProvider("http://127.0.0.1:8545");
 * const abi = ["function priceOf(int256 amount) view returns (int256 value, uint256 observedAt)"];
 * const plain = new Contract("0x5FbDB2315678afecb367f032d93F642f64180aa3", abi, provider);
 * const trust = {
 *   id: "mine", keys: [], attested: null, threshold: 1, requireEvidence: true,
 *   allowSimulated: false, allowEmulated: false, maxAgeMs: 60_000, clockSkewMs: 5_000,
 * };
 * const client = createFabricClient({ url: "http://127.0.0.1:8600" });
 * const consumer = withCryptlets(plain, { client, feeds: ["xau-usd"], trust });
 * // const [value] = await consumer.getFunction("priceOf")(5n);
 * console.log((await consumer.getAddress()) === (await plain.getAddress())); // true
 * provider.destroy();
 * ```
 */
export const withCryptlets = <Consumer extends BaseContract>(
  contract: Consumer,
  options: WithCryptletsOptions,
): Consumer => {
  const { runner, target } = contract;
  if (!runner?.call) throw fabricError("CHAIN_RUNNER_UNABLE", { what: "call" });
  if (typeof target !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(target))
    throw fabricError("CHAIN_RUNNER_UNABLE", { what: "be found without a look-up of its name" });
  return contract.connect(createRunner(runner, { ...options, contracts: [target] })) as Consumer;
};
