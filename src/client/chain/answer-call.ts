import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema } from "../../core/ids.ts";
import { toOneCall, tryCalls } from "./calls-once.ts";
import type { CallOutcome, ChainCall, ChainPort, Hex } from "./chain-port.ts";
import { readChainRequest, type ChainRequest, type OracleRequest } from "./chain-request.ts";
import { createFeedUpdates, gatewayValues, type FeedUpdateOptions } from "./feed-updates.ts";
import { pulledFeed, pullInto } from "./pull-arguments.ts";
import { selectorOf } from "./selectors.ts";

/** Which contracts are answered, with which feeds, at what cost. Nothing is that does not stand here. */
export interface CryptletCallOptions extends FeedUpdateOptions {
  /** Contracts whose calls are looked after; calls of others pass as they are. */
  readonly contracts: readonly string[];
  /** ERC-7412 oracles that may be given updates. Default none. */
  readonly oracles?: readonly string[];
  /** Most wei that the updates of one call may cost together. Default 0. */
  readonly maxFeeWei?: bigint;
  /**
   * A contract with Multicall3's `aggregate3Value`, such as `UpdateCalls`: updates and call then go in one transaction,
   * whose sender is that contract. Without it each update is a transaction of its own before the call. Default none.
   */
  readonly multicall?: string;
}

/** Puts signed observations where contracts ask for them. */
export interface CallAnswerer {
  /** True where the contract was told; any other call is none of our business. */
  covers(call: ChainCall): boolean;
  /**
   * What a call returns after whatever it asks for was brought; nothing is sent. Throws `CHAIN_LOOKUP_REFUSED`,
   * `CHAIN_LOOKUP_ENDLESS`, `CHAIN_FEE_REFUSED`, `CHAIN_ANSWER_MALFORMED`, `FEED_UPDATE_REFUSED`, and the library's own
   * error for a refusal that asks for nothing.
   */
  read(port: ChainPort, call: ChainCall, signal?: AbortSignal): Promise<Hex>;
  /**
   * The call to be sent, after the updates that it asked for were sent, or with them in it. A call that is refused for
   * another reason comes back as it is, so that the wallet says so. Throws as `read`.
   */
  prepare(port: ChainPort, call: ChainCall, signal?: AbortSignal): Promise<ChainCall>;
}

/** Questions and answers about one call before it counts as endless; a standard client of EIP-3668 stops at 4 look-ups. */
const MAX_STEPS = 12;
const MAX_LOOKUPS = 4;
const MAX_UPDATES = 32;

interface Walk {
  call: ChainCall;
  readonly updates: ChainCall[];
  readonly answered: Set<string>;
  lookups: number;
  spent: bigint;
}

const nameOf = ({ to }: ChainCall): string => to ?? "(none)";

const collect = (walk: Walk) => (update: ChainCall) => {
  walk.updates.push(update);
};

const refuse = (call: ChainCall, reason: string) =>
  fabricError("CHAIN_LOOKUP_REFUSED", { contract: nameOf(call), reason });
const endless = (call: ChainCall) =>
  fabricError("CHAIN_LOOKUP_ENDLESS", { contract: nameOf(call) });

/** @see CallAnswerer */
export const createCallAnswerer = (options: CryptletCallOptions): CallAnswerer => {
  const { feeds, maxFeeWei = 0n, now = Date.now } = options;
  const contracts = new Set(options.contracts.map((one) => addressSchema.parse(one)));
  const oracles = new Set((options.oracles ?? []).map((one) => addressSchema.parse(one)));
  const multicall = options.multicall === undefined ? null : addressSchema.parse(options.multicall);
  const updates = createFeedUpdates(options);

  const covers = ({ to }: ChainCall): boolean =>
    to !== null && contracts.has(addressSchema.parse(to));

  const start = async (port: ChainPort, call: ChainCall, signal?: AbortSignal): Promise<Walk> => {
    const feed = pulledFeed(call, feeds);
    if (feed === undefined) throw refuse(call, "it pulls a feed that was not told");
    const { form } = feed === null ? { form: null } : await updates.newest(feed, { signal });
    const first = form ? await pullInto(port, call, form) : call;
    return { call: first, updates: [], answered: new Set(), lookups: 0, spent: 0n };
  };

  const lookUp = async (
    port: ChainPort,
    walk: Walk,
    request: Extract<ChainRequest, { kind: "lookup" }>,
    signal?: AbortSignal,
  ): Promise<void> => {
    const { call } = walk;
    // EIP-3668: a contract that lets another's error through would have its caller ask in that one's name.
    if (request.sender !== nameOf(call).toLowerCase())
      throw refuse(call, "it asks in the name of another contract");
    walk.lookups += 1;
    if (walk.lookups > MAX_LOOKUPS) throw endless(call);
    const { feedHash, callback, extraData } = request;
    const feed = await updates.named(feedHash, signal);
    if (feed === null) throw refuse(call, "it asks for a feed that was not told");
    const { form } = await updates.newest(feed, { feedHash, signal });
    const response = port.encode(["bytes", "bytes[]"], gatewayValues(form));
    const rest = port.encode(["bytes", "bytes"], [response, extraData]).slice(2);
    walk.call = { ...call, data: `${callback}${rest}` as Hex };
  };

  const updateFor = async (
    port: ChainPort,
    walk: Walk,
    request: OracleRequest,
    signal?: AbortSignal,
  ): Promise<ChainCall> => {
    const { call } = walk;
    const { oracle, feedHash, maxAgeSec } = request;
    if (!oracles.has(oracle)) throw refuse(call, `it asks oracle ${oracle}, which was not told`);
    const key = `${oracle} ${feedHash}`;
    if (walk.answered.has(key) || walk.answered.size >= MAX_UPDATES) throw endless(call);
    walk.answered.add(key);
    const feed = await updates.named(feedHash, signal);
    if (feed === null) throw refuse(call, "it asks for a feed that was not told");
    const { form, observedAt } = await updates.newest(feed, { feedHash, signal });
    // It would be paid for and asked for again.
    if (BigInt(Math.floor(now() / 1_000) - observedAt) > maxAgeSec)
      throw fabricError("FEED_UPDATE_REFUSED", { feed, reason: "it is older than is asked for" });
    const signed = port.encode(["bytes", "bytes[]"], gatewayValues(form));
    const data = `${selectorOf("fulfillOracleQuery(bytes)")}${port.encode(["bytes"], [signed]).slice(2)}`;
    return pay(walk, { to: oracle, data: data as Hex, value: 0n, from: call.from }, request.fee);
  };

  const pay = (walk: Walk, update: ChainCall, wei: bigint): ChainCall => {
    walk.spent += wei - update.value;
    if (walk.spent > maxFeeWei)
      throw fabricError("CHAIN_FEE_REFUSED", {
        oracle: nameOf(update),
        wei: walk.spent,
        limit: maxFeeWei,
      });
    return { ...update, value: wei };
  };

  /** The update with the fee that the oracle wants, which it says once. */
  const withFee = (walk: Walk, port: ChainPort, update: ChainCall, data: Hex): ChainCall => {
    const request = readChainRequest(port, data);
    if (request?.kind !== "fee" || update.value !== 0n) throw port.toError(data);
    return pay(walk, update, request.wei);
  };

  /** Outcome of the call behind its updates; null where an update's fee had to be mended first. */
  const attempt = async (port: ChainPort, walk: Walk): Promise<CallOutcome | null> => {
    if (walk.updates.length === 0) return await port.call(walk.call);
    const results = await tryCalls(port, [...walk.updates, walk.call], multicall);
    const failed = results.findIndex(({ ok }) => !ok);
    const result = results[failed === -1 ? walk.updates.length : failed];
    if (!result) throw fabricError("CHAIN_ANSWER_MALFORMED", { reason: "results are missing" });
    if (failed === -1) return { ok: true, data: result.data };
    const update = walk.updates[failed];
    if (!update) return { ok: false, data: result.data, error: port.toError(result.data) };
    walk.updates[failed] = withFee(walk, port, update, result.data);
    return null;
  };

  /** Sends one update by itself, with the fee that it wants. */
  const sendUpdate = async (port: ChainPort, walk: Walk, update: ChainCall): Promise<void> => {
    const first = await port.call(update);
    const paid = first.ok ? update : withFee(walk, port, update, first.data);
    if (paid !== update) {
      const second = await port.call(paid);
      if (!second.ok) throw second.error;
    }
    await port.send(paid);
  };

  /** Goes on until the call stands, or is refused for another reason than a request. */
  const walkOn = async (
    port: ChainPort,
    walk: Walk,
    bring: (update: ChainCall) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<CallOutcome> => {
    for (let step = 0; step < MAX_STEPS; step += 1) {
      signal?.throwIfAborted();
      const outcome = await attempt(port, walk);
      if (outcome === null) continue;
      if (outcome.ok) return outcome;
      const request = readChainRequest(port, outcome.data);
      if (request === null || request.kind === "fee") return outcome;
      if (request.kind === "strange") throw refuse(walk.call, request.reason);
      if (request.kind === "lookup") await lookUp(port, walk, request, signal);
      else
        for (const one of distinct(request.requests))
          await bring(await updateFor(port, walk, one, signal));
    }
    throw endless(walk.call);
  };

  return {
    covers,
    read: async (port, call, signal) => {
      const walk = await start(port, call, signal);
      const outcome = await walkOn(port, walk, collect(walk), signal);
      if (!outcome.ok) throw outcome.error;
      return outcome.data;
    },
    prepare: async (port, call, signal) => {
      const walk = await start(port, call, signal);
      const bring =
        multicall === null ? (update: ChainCall) => sendUpdate(port, walk, update) : collect(walk);
      await walkOn(port, walk, bring, signal);
      if (multicall === null || walk.updates.length === 0) return walk.call;
      return toOneCall(port, [...walk.updates, walk.call], multicall);
    },
  };
};

/** One feed may be asked for twice in one refusal; the stricter age counts. */
const distinct = (requests: readonly OracleRequest[]): readonly OracleRequest[] => {
  const found = new Map<string, OracleRequest>();
  for (const request of requests) {
    const key = `${request.oracle} ${request.feedHash}`;
    const other = found.get(key);
    if (!other || request.maxAgeSec < other.maxAgeSec) found.set(key, request);
  }
  return [...found.values()];
};
