import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { canonicalJson } from "../../../src/envelope/canonical-json.ts";
import type { ChainResult, SourceMode } from "../../../src/sdk/abi.ts";
import type { ChainReader, ChainReading, ChainRequest } from "./chain-reader.ts";
import { createJsonRpcEndpoint, type JsonRpcEndpoint } from "./json-rpc-endpoint.ts";
import { type BlockFacts, readBlock, readChainId, readQuery } from "./rpc-reads.ts";

/** A chain and where it is read. */
export interface ReadableChain {
  readonly chain: string;
  /** EIP-155 id; an endpoint of another chain counts as silent. */
  readonly chainId: number;
  readonly endpoints: readonly string[];
  /** `LIVE` when left out; `EMULATED` for a chain of the host's own machine, whose blocks prove nothing. */
  readonly mode?: SourceMode;
}

/** What one endpoint says at the pinned block. */
interface Vote {
  readonly block: BlockFacts;
  readonly results: readonly ChainResult[];
}

/**
 * `ChainReader` over JSON-RPC, from inside the enclave. The pinned block is the newest that `quorum` endpoints have; every
 * query names it by its hash (EIP-1898), or by number with a look at the hash afterwards where the protocol knows no
 * other way. The answer is what most endpoints say word for word, and what does not answer to the letter is silent.
 * @example
 * ```ts
 * const reader = createJsonRpcChainReader([{ chain: "mainnet", chainId: 1, endpoints: [first, second, third] }]);
 * ```
 */
export const createJsonRpcChainReader = (
  chains: readonly ReadableChain[],
  connect: (url: string) => JsonRpcEndpoint = createJsonRpcEndpoint,
): ChainReader => {
  const known = new Map(
    chains.map((each) => [
      each.chain,
      { ...each, mode: each.mode ?? "LIVE", endpoints: each.endpoints.map(connect) },
    ]),
  );
  return {
    read: async (request, { signal }): Promise<ChainReading> => {
      const found = known.get(request.chain);
      if (!found) throw fabricError("CHAIN_UNKNOWN", { chain: request.chain });
      const { chainId, endpoints, mode } = found;
      const heads = await settle(
        endpoints.map(async (endpoint) => {
          if ((await readChainId(endpoint, signal)) !== chainId)
            throw new Error("an endpoint answers for another chain");
          return { endpoint, ...(await readBlock(endpoint, request.block, signal)) };
        }),
        request.chain,
        signal,
      );
      const numbers = heads.map(({ number }) => number).toSorted((a, b) => b - a);
      const pinned = numbers[request.quorum - 1];
      if (pinned === undefined) throw noQuorum(request, heads.length);
      const votes = await settle(
        heads
          .filter(({ number }) => number >= pinned)
          .map(({ endpoint }) => voteOf(endpoint, pinned, request, signal)),
        request.chain,
        signal,
      );
      const { vote, agreed } = mostGiven(votes);
      if (!vote || agreed < request.quorum) throw noQuorum(request, agreed);
      return { chainId, mode, ...vote, quorum: { agreed, asked: endpoints.length } };
    },
  };
};

const noQuorum = ({ chain, quorum }: ChainRequest, agreed: number) =>
  fabricError("CHAIN_NO_QUORUM", { chain, agreed, needed: quorum });

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
  const [first] = settled.flatMap((each): unknown[] =>
    each.status === "rejected" ? [each.reason] : [],
  );
  if (isFabricError(first)) throw first;
  const reason = first instanceof Error ? first.message : "no endpoint answers";
  throw fabricError("CHAIN_UNAVAILABLE", { chain, reason });
};

const voteOf = async (
  endpoint: JsonRpcEndpoint,
  pinned: number,
  request: ChainRequest,
  signal: AbortSignal,
): Promise<Vote> => {
  const block = await readBlock(endpoint, pinned, signal);
  const bounds = { ...request, pinned: block, signal };
  const results = await Promise.all(
    request.queries.map((query) => readQuery(endpoint, query, bounds)),
  );
  // A range of logs cannot be asked for by hash: the block must still be the same one afterwards.
  const after = await readBlock(endpoint, pinned, signal);
  if (after.hash !== block.hash) throw new Error("the block was reorganised while it was read");
  return { block, results };
};

const mostGiven = (
  votes: readonly Vote[],
): { readonly vote: Vote | undefined; readonly agreed: number } => {
  const groups = new Map<string, Vote[]>();
  for (const vote of votes) {
    const key = canonicalJson(vote);
    groups.set(key, [...(groups.get(key) ?? []), vote]);
  }
  const [most = []] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  return { vote: most[0], agreed: most.length };
};
