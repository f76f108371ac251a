import {
  BaseError,
  decodeAbiParameters,
  encodeAbiParameters,
  parseAbiParameters,
  RawContractError,
  type Account,
  type CallParameters,
  type Chain,
  type Client,
  type PublicActions,
  type SendTransactionParameters,
  type Transport,
  type WalletActions,
} from "viem";
import {
  call,
  estimateGas,
  readContract,
  sendTransaction,
  simulateContract,
  waitForTransactionReceipt,
  writeContract,
} from "viem/actions";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { createCallAnswerer, type CryptletCallOptions } from "../chain/answer-call.ts";
import type { CallOutcome, ChainCall, ChainPort, Hex } from "../chain/chain-port.ts";

/** What `cryptletActions` puts in the place of viem's own. */
export type CryptletActions<
  Of extends Chain | undefined = Chain | undefined,
  By extends Account | undefined = Account | undefined,
> = Pick<PublicActions<Transport, Of, By>, "call" | "readContract" | "simulateContract"> &
  Pick<WalletActions<Of, By>, "sendTransaction" | "writeContract">;

/** Bytes of the contract's own refusal; null where the node said something else. */
const refusalOf = (error: unknown): Hex | null => {
  if (!(error instanceof BaseError)) return null;
  const raw = error.walk((cause) => cause instanceof RawContractError || hasData(cause));
  if (raw === null || !hasData(raw)) return null;
  return raw.data;
};
const hasData = (cause: unknown): cause is { readonly data: Hex } =>
  typeof cause === "object" &&
  cause !== null &&
  "data" in cause &&
  typeof cause.data === "string" &&
  cause.data.startsWith("0x");

const parametersOf = (types: readonly string[]) => parseAbiParameters(types.join(", "));
const addressOf = (account: Account | Hex | null | undefined): Hex | null =>
  typeof account === "string" ? account : (account?.address ?? null);

const toCall = (
  request: { readonly to?: unknown; readonly data?: unknown; readonly value?: unknown },
  account: Account | Hex | null,
): ChainCall => ({
  to: (request.to as Hex | null | undefined) ?? null,
  data: (request.data as Hex | undefined) ?? "0x",
  value: (request.value as bigint | undefined) ?? 0n,
  from: addressOf(account),
});

/** Fields of the caller's request that are not about what is called. */
type Rest = Pick<CallParameters, "blockNumber" | "blockTag">;

const createPort = (client: Client, account: Account | Hex | null, rest: Rest): ChainPort => {
  // A look-up is answered by what was told, never by viem's own way to any URL.
  const plain: Client = { ...client, ccipRead: false };
  return {
    call: async ({ to, data, value, from }): Promise<CallOutcome> => {
      const asked = {
        ...rest,
        account: from ?? undefined,
        data,
        value,
        ...(to === null ? {} : { to }),
      };
      try {
        const answer = await call(plain, asked as CallParameters);
        return { ok: true, data: answer.data ?? "0x" };
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === null) throw error;
        return { ok: false, data: refusal, error };
      }
    },
    send: async ({ to, data, value }) => {
      if (account === null) throw fabricError("CHAIN_RUNNER_UNABLE", { what: "send" });
      // Another's update in the same block changes what ours costs.
      const gas = await estimateGas(client, { account, to, data, value });
      const hash = await sendTransaction(client, {
        gas: gas + gas / 4n,
        account,
        to,
        data,
        value,
        chain: client.chain ?? null,
      });
      const { status } = await waitForTransactionReceipt(client, { hash });
      if (status !== "success") throw new BaseError(`update ${hash} reverted`);
    },
    encode: (types, values) => encodeAbiParameters(parametersOf(types), values as never),
    decode: (types, data) => decodeAbiParameters(parametersOf(types), data),
    toError: (data) =>
      new BaseError("execution reverted", { cause: new RawContractError({ data }) }),
  };
};

/**
 * Actions for viem clients, wallets and public ones, that bring contracts the observations that they ask for: by arguments
 * (`pullArguments`), by EIP-3668 (`OffchainLookup`) or by ERC-7412 (`OracleDataRequired`, `Errors`, `FeeRequired`). They
 * stand in for `call`, `readContract`, `simulateContract`, `sendTransaction` and `writeContract`, and leave calls of
 * contracts that were not told alone. Every bundle is verified under `trust` first; gateways that a contract names are
 * never asked. The actions throw `CHAIN_LOOKUP_REFUSED`, `CHAIN_LOOKUP_ENDLESS`, `CHAIN_FEE_REFUSED`,
 * `CHAIN_ANSWER_MALFORMED`, `CHAIN_RUNNER_UNABLE`, `FEED_UPDATE_REFUSED` beside what viem throws.
 * @example
 * ```ts
 * import { createPublicClient, http } from "viem";
 * import { createFabricClient } from "cryptlet-fabric/client";
 * import { cryptletActions } from "cryptlet-fabric/client/viem";
 *
 * const trust = {
 *   id: "mine", keys: [], attested: null, threshold: 1, requireEvidence: true,
 *   allowSimulated: false, allowEmulated: false, maxAgeMs: 60_000, clockSkewMs: 5_000,
 * };
 * const chain = createPublicClient({ transport: http("http://127.0.0.1:8545") }).extend(
 *   cryptletActions({
 *     client: createFabricClient({ url: "http://127.0.0.1:8600" }),
 *     feeds: ["xau-usd"],
 *     contracts: ["0x5FbDB2315678afecb367f032d93F642f64180aa3"],
 *     trust,
 *   }),
 * );
 * console.log(typeof chain.readContract); // function
 * ```
 */
export const cryptletActions = (options: CryptletCallOptions) => {
  const answerer = createCallAnswerer(options);
  return <Of extends Chain | undefined, By extends Account | undefined>(
    client: Client<Transport, Of, By>,
  ): CryptletActions<Of, By> => {
    const base = client as unknown as Client;
    const signerOf = (account: Account | Hex | null | undefined): Account | Hex | null =>
      account ?? base.account ?? null;
    const own = {
      ...base,
      call: async (request: CallParameters) => {
        const account = signerOf(request.account);
        const asked = toCall(request, account);
        if (!answerer.covers(asked)) return await call(base, request);
        const { blockNumber, blockTag } = request;
        const rest = blockNumber === undefined ? { blockTag } : { blockNumber };
        return { data: await answerer.read(createPort(base, account, rest), asked) };
      },
      sendTransaction: async (request: SendTransactionParameters) => {
        const account = signerOf(request.account);
        const asked = toCall(request, account);
        if (!answerer.covers(asked)) return await sendTransaction(base, request);
        const { to, data, value } = await answerer.prepare(createPort(base, account, {}), asked);
        return await sendTransaction(base, {
          ...request,
          to,
          data,
          value,
        });
      },
    };
    // viem's own actions look for `call` and `sendTransaction` on the client that they are given.
    const using = own as unknown as Client;
    return {
      ...own,
      readContract: (request: never) => readContract(using, request),
      simulateContract: (request: never) => simulateContract(using, request),
      writeContract: (request: never) => writeContract(using, request),
    } as unknown as CryptletActions<Of, By>;
  };
};
