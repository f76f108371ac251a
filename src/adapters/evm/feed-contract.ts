import { z } from "zod";
import { fabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address, type FeedHash } from "../../core/ids.ts";
import type { ChainRound } from "../contract/chain-adapter.ts";
import { callResultSchema } from "./chain-answers.ts";
import type { GroupKey, SignerSet } from "./encode-signers.ts";
import { smallQuantity, type EvmRpc, type RpcOptions } from "./evm-rpc.ts";
import { feedAbi, registryAbi } from "./feed-abi.ts";
import { readRefusal } from "./refusal.ts";

/** Which feed: its own address, or a registry that knows it by its hash. */
export interface FeedTarget {
  readonly contract: string;
  readonly feedHash: FeedHash;
}

/** What a contract call answers: bytes, or the coded refusal. */
export type CallOutcome =
  | { readonly ok: true; readonly data: string }
  | { readonly ok: false; readonly refusal: FabricError };

/** Reads of feeds, with what rarely changes kept in memory. */
export interface FeedContract {
  /** The feed's own address. Throws `ONCHAIN_FEED_UNKNOWN`, `DELIVERY_INVALID`. */
  resolve(target: FeedTarget, options?: RpcOptions): Promise<Address>;
  /** `refresh` asks the chain again. */
  signerSet(feed: Address, options?: RpcOptions & { refresh?: boolean }): Promise<SignerSet>;
  latest(feed: Address, options?: RpcOptions): Promise<ChainRound | null>;
  /** Runs a call without sending it, on top of what is pending or of the latest block. Default `pending`. */
  simulate(
    call: { readonly from: Address; readonly to: Address; readonly data: string },
    options?: RpcOptions,
    block?: "pending" | "latest",
  ): Promise<CallOutcome>;
  /** Asks the chain again about this feed from now on: what it did was not what a feed does. */
  forget(feed: Address): void;
  /** Gas limit for such a call; `refresh` asks the chain again. Throws `CHAIN_REFUSED`. */
  gasLimit(
    call: { readonly from: Address; readonly to: Address; readonly data: string },
    options?: RpcOptions & { refresh?: boolean },
  ): Promise<bigint>;
}

const signerSetSchema = z.tuple([
  z.bigint().transform(Number),
  z.bigint().transform(Number),
  z.array(addressSchema).max(32),
]);
const groupSchema = z.tuple([
  addressSchema,
  z.bigint(),
  z
    .bigint()
    .transform(Number)
    .pipe(z.literal([27, 28])),
  z.bigint().transform(Number),
]);
const roundSchema = z.tuple([z.bigint(), z.bigint(), z.bigint(), z.bigint(), z.bigint()]);

/** A ring slot that is written for the first time costs this much more than the estimate may have seen. */
const FIRST_WRITE_GAS = 20_000n;
/** EIP-7825: no node takes a transaction with more, so that one with more would hold up its account for ever. */
const MAX_TRANSACTION_GAS = 2n ** 24n;
const NO_ADDRESS = `0x${"0".repeat(40)}`;

/** What a contract answers is its own affair: one that is no feed is refused like one that reverts. */
const fitting = <Schema extends z.ZodType>(
  schema: Schema,
  values: unknown,
  contract: Address,
  method: string,
): z.output<Schema> => {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw fabricError("ONCHAIN_REFUSED", { contract, reason: `no answer to ${method}` });
};

export const createFeedContract = (rpc: EvmRpc): FeedContract => {
  const addresses = new Map<string, Address>();
  const sets = new Map<Address, SignerSet>();
  const limits = new Map<string, bigint>();

  const outcome = async (
    call: { readonly from?: Address; readonly to: Address; readonly data: string },
    options?: RpcOptions,
    block: "pending" | "latest" = "pending",
  ): Promise<CallOutcome> => {
    const answer = await rpc.ask("eth_call", [call, block], options);
    if (answer.ok) return { ok: true, data: callResultSchema.parse(answer.result) };
    const { data, message } = answer.fault;
    if (data !== null) return { ok: false, refusal: readRefusal(data, call.to) };
    // No revert data: some clients refuse the block, not the call.
    if (block === "pending") return await outcome(call, options, "latest");
    const reason = message === "" ? "no reason" : message;
    return { ok: false, refusal: fabricError("ONCHAIN_REFUSED", { contract: call.to, reason }) };
  };

  const read = async (
    to: Address,
    method: "signerSet" | "groupKey" | "latestRoundData",
    options?: RpcOptions,
  ): Promise<unknown[]> => {
    const call = { to, data: feedAbi.encodeFunctionData(method) };
    const answer = await outcome(call, options, "latest");
    if (!answer.ok) throw answer.refusal;
    try {
      return feedAbi.decodeFunctionResult(method, answer.data).toArray();
    } catch (error) {
      const reason = `no answer to ${method}`;
      throw fabricError("ONCHAIN_REFUSED", { contract: to, reason }, { cause: error });
    }
  };

  const readGroup = async (feed: Address, options?: RpcOptions): Promise<GroupKey | null> => {
    const values = await read(feed, "groupKey", options);
    if (values[1] === 0n) return null;
    const [address, x, parity, notAfter] = fitting(groupSchema, values, feed, "groupKey");
    return { address, x, parity, notAfter };
  };

  const ask = async ({ contract, feedHash }: FeedTarget, options?: RpcOptions) => {
    const address = addressSchema.safeParse(contract);
    if (!address.success)
      throw fabricError("DELIVERY_INVALID", { delivery: feedHash, reason: "no EVM address" });
    const data = registryAbi.encodeFunctionData("feedOf", [feedHash]);
    const answer = await outcome({ to: address.data, data }, options, "latest");
    // A feed does not know the question; an account without code answers nothing.
    if (!answer.ok) return address.data;
    const feed = answer.data.length === 66 ? `0x${answer.data.slice(26)}` : NO_ADDRESS;
    if (feed === NO_ADDRESS)
      throw fabricError("ONCHAIN_FEED_UNKNOWN", { contract, feed: feedHash });
    return addressSchema.parse(feed);
  };

  return {
    simulate: outcome,
    resolve: async (target, options) => {
      const key = `${target.contract.toLowerCase()} ${target.feedHash}`;
      const known = addresses.get(key) ?? (await ask(target, options));
      addresses.set(key, known);
      return known;
    },
    signerSet: async (feed, options) => {
      const known = sets.get(feed);
      if (known && options?.refresh !== true) return known;
      const [[threshold, notAfter, members], group] = await Promise.all([
        read(feed, "signerSet", options).then((values) =>
          fitting(
            signerSetSchema,
            [values[0], values[1], [...(values[2] as Iterable<unknown>)]],
            feed,
            "signerSet",
          ),
        ),
        readGroup(feed, options),
      ]);
      const set = { threshold, notAfter, members, ...(group ? { group } : {}) };
      sets.set(feed, set);
      return set;
    },
    latest: async (feed, options) => {
      const [round, answer, , updatedAt] = fitting(
        roundSchema,
        await read(feed, "latestRoundData", options),
        feed,
        "latestRoundData",
      );
      return round === 0n ? null : { round: Number(round), answer, observedAt: Number(updatedAt) };
    },
    forget: (feed) => {
      sets.delete(feed);
      for (const [key, address] of addresses) if (address === feed) addresses.delete(key);
      for (const key of limits.keys()) if (key.startsWith(`${feed} `)) limits.delete(key);
    },
    gasLimit: async (call, options) => {
      const key = `${call.to} ${call.data.length}`;
      const known = limits.get(key);
      if (known !== undefined && options?.refresh !== true) return known;
      const estimate = await rpc.call(smallQuantity, "eth_estimateGas", [call], options);
      const limit = (BigInt(estimate) * 5n) / 4n + FIRST_WRITE_GAS;
      // More than a transaction may have is a lie or a mistake: it is tried at the most, and not remembered.
      if (limit > MAX_TRANSACTION_GAS) return MAX_TRANSACTION_GAS;
      limits.set(key, limit);
      return limit;
    },
  };
};
