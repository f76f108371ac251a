import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { canonicalJson } from "../../../src/envelope/canonical-json.ts";
import type { ChainResult, SourceMode } from "../../../src/sdk/abi.ts";
import type { ChainReader, ChainReading, ChainRequest } from "./chain-reader.ts";
import type { RpcEndpoint } from "./rpc-endpoint.ts";
import { type BlockFacts, readBlock, readChainId, readQuery } from "./rpc-reads.ts";

/** One chain as the host reaches it. */
export interface RpcChain {
  readonly endpoints: readonly RpcEndpoint[];
  /** `EMULATED` for a chain of the host's own machine, whose blocks prove nothing. */
  readonly mode: SourceMode;
}

/** What one endpoint says at the pinned block. */
interface Vote {
  readonly chainId: number;
  readonly block: BlockFacts;
  readonly results: readonly ChainResult[];
}

/**
 * `ChainReader` over JSON-RPC. The pinned block is the newest that `quorum` endpoints have; every query names it by its
 * hash (EIP-1898), or by number with a look at the hash afterwards where the protocol knows no other way. The answer is
 * what most endpoints say word for word.
 * @example
 * ```ts
 * createRpcChainReader({ ethereum: { endpoints: [createHttpRpcEndpoint({ url, timeoutMs: 5_000 })], mode: "LIVE" } });
 * ```
 */
export const createRpcChainReader = (chains: Readonly<Record<string, RpcChain>>): ChainReader => ({
  read: async (request, { signal }) => {
    const chain = Object.hasOwn(chains, request.chain) ? chains[request.chain] : undefined;
    if (!chain || chain.endpoints.length === 0)
      throw fabricError("CHAIN_UNKNOWN", { chain: request.chain });
    const pinned = await pinBlock(chain.endpoints, request, signal);
    const votes = await settle(
      chain.endpoints.map((endpoint) => voteOf(endpoint, pinned, request, signal)),
      request.chain,
      signal,
    );
    return countVotes(votes, chain, request);
  },
});

/** What was answered; throws `CHAIN_UNAVAILABLE` when nothing was, and what concerns every endpoint. */
const settle = async <Value>(
  work: readonly Promise<Value>[],
  chain: string,
  signal: AbortSignal,
): Promise<readonly Value[]> => {
  const settled = await Promise.allSettled(work);
  signal.throwIfAborted();
  const answered = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (answered.length > 0) return answered;
  const [first] = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (isFabricError(first)) throw first;
  const reason = first instanceof Error ? first.message : "no endpoint answers";
  throw fabricError("CHAIN_UNAVAILABLE", { chain, reason });
};

/** Number of the block that all endpoints are asked about. */
const pinBlock = async (
  endpoints: readonly RpcEndpoint[],
  { chain, block, quorum }: ChainRequest,
  signal: AbortSignal,
): Promise<number> => {
  if (typeof block === "number") return block;
  const heads = await settle(
    endpoints.map((endpoint) => readBlock(endpoint, block, signal)),
    chain,
    signal,
  );
  const numbers = heads.map(({ number }) => number).toSorted((a, b) => b - a);
  const pinned = numbers[quorum - 1];
  if (pinned === undefined)
    throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: numbers.length, needed: quorum });
  return pinned;
};

const voteOf = async (
  endpoint: RpcEndpoint,
  pinned: number,
  request: ChainRequest,
  signal: AbortSignal,
): Promise<Vote> => {
  const [chainId, block] = await Promise.all([
    readChainId(endpoint, signal),
    readBlock(endpoint, pinned, signal),
  ]);
  const results: ChainResult[] = [];
  for (const query of request.queries)
    results.push(await readQuery(endpoint, query, { ...request, pinned: block, signal }));
  // A range of logs is asked by number: the chain must still be the one that was pinned.
  if (request.queries.some(({ kind }) => kind === "logs")) {
    const after = await readBlock(endpoint, pinned, signal);
    if (after.hash !== block.hash) throw new Error("the chain was reorganised meanwhile");
  }
  return { chainId, block, results };
};

const countVotes = (
  votes: readonly Vote[],
  { endpoints, mode }: RpcChain,
  { chain, quorum }: ChainRequest,
): ChainReading => {
  const groups = new Map<string, Vote[]>();
  for (const vote of votes) {
    const key = canonicalJson(vote);
    groups.set(key, [...(groups.get(key) ?? []), vote]);
  }
  const [best = []] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const [winner] = best;
  if (!winner || best.length < quorum)
    throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: best.length, needed: quorum });
  return { ...winner, mode, quorum: { agreed: best.length, asked: endpoints.length } };
};
