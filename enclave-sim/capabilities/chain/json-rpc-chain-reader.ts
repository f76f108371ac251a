import { z } from "zod";
import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import type { ChainQuery, ChainResult } from "../../../src/sdk/abi.ts";
import type { ChainReader, ChainReading, ChainRequest } from "./chain-reader.ts";
import { createJsonRpcEndpoint, type JsonRpcEndpoint } from "./json-rpc-endpoint.ts";

/** A chain and where it is read. */
export interface ReadableChain {
  readonly chain: string;
  /** EIP-155 id; an endpoint of another chain is left out. */
  readonly chainId: number;
  readonly endpoints: readonly string[];
}

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform((text) => Number.parseInt(text, 16));
const lower = z
  .string()
  .max(17_000_000)
  .transform((text) => text.toLowerCase());
const blockSchema = z.object({
  number: lower.pipe(quantity),
  hash: lower.pipe(hash),
  timestamp: lower.pipe(quantity),
});
type Block = z.infer<typeof blockSchema>;
const logsSchema = z
  .array(
    z.object({
      blockNumber: lower.pipe(quantity),
      logIndex: lower.pipe(quantity),
      topics: z.array(lower.pipe(hash)).max(4),
      data: lower.pipe(hex),
    }),
  )
  .max(10_000);

const toQuantity = (value: number): string => `0x${value.toString(16)}`;

const resultOf = async (
  endpoint: JsonRpcEndpoint,
  method: string,
  parameters: readonly unknown[],
  signal: AbortSignal,
): Promise<unknown> => {
  const answer = await endpoint.ask(method, parameters, signal);
  if (!answer.ok) throw new Error(`${method} was refused`);
  return answer.result;
};

/** What a node gave for one query at one block. A revert is an answer; any other error is the endpoint's silence. */
const runQuery = async (
  endpoint: JsonRpcEndpoint,
  query: ChainQuery,
  block: Block,
  signal: AbortSignal,
): Promise<ChainResult> => {
  if (query.kind === "call") {
    // EIP-1898: by hash, so that a reorganisation between two questions cannot mix two histories.
    const pinned = { blockHash: block.hash };
    const parameters = [{ to: query.contract, data: query.data }, pinned];
    const answer = await endpoint.ask("eth_call", parameters, signal);
    if (answer.ok) return { kind: "call", ok: true, data: lower.pipe(hex).parse(answer.result) };
    return { kind: "call", ok: false, data: lower.pipe(hex).parse(answer.data ?? "0x") };
  }
  const filter = {
    address: query.contract,
    topics: query.topics,
    fromBlock: toQuantity(Math.max(0, block.number - query.blocks + 1)),
    toBlock: toQuantity(block.number),
  };
  const found = logsSchema.parse(await resultOf(endpoint, "eth_getLogs", [filter], signal));
  const logs = found.map(({ blockNumber, logIndex, topics, data }) => ({
    block: blockNumber,
    index: logIndex,
    topics,
    data,
  }));
  return { kind: "logs", logs };
};

const readBlock = async (
  endpoint: JsonRpcEndpoint,
  block: string,
  signal: AbortSignal,
): Promise<Block> =>
  blockSchema.parse(await resultOf(endpoint, "eth_getBlockByNumber", [block, false], signal));

/** Everything that one endpoint says about the pinned block. */
const readAt = async (
  endpoint: JsonRpcEndpoint,
  number: number,
  { queries }: ChainRequest,
  signal: AbortSignal,
): Promise<{ readonly block: Block; readonly results: readonly ChainResult[] }> => {
  const block = await readBlock(endpoint, toQuantity(number), signal);
  const results = await Promise.all(
    queries.map((query) => runQuery(endpoint, query, block, signal)),
  );
  // A range of logs cannot be asked for by hash: the block must still be the same one afterwards.
  const after = await readBlock(endpoint, toQuantity(number), signal);
  if (after.hash !== block.hash) throw new Error("the block was reorganised while it was read");
  return { block, results };
};

const settled = async <Value>(works: readonly Promise<Value>[]): Promise<readonly Value[]> =>
  (await Promise.allSettled(works)).flatMap((one) =>
    one.status === "fulfilled" ? [one.value] : [],
  );

/** The answer that most gave, first come first; `agreed` is how many. */
const mostGiven = <Value>(values: readonly Value[]): { value: Value; agreed: number } | null => {
  const groups = new Map<string, { value: Value; agreed: number }>();
  for (const value of values) {
    const text = JSON.stringify(value);
    const group = groups.get(text);
    if (group) group.agreed += 1;
    else groups.set(text, { value, agreed: 1 });
  }
  const [most] = [...groups.values()].toSorted((a, b) => b.agreed - a.agreed);
  return most ?? null;
};

const sizeOf = (result: ChainResult): number =>
  result.kind === "call" ? (result.data.length - 2) / 2 : JSON.stringify(result.logs).length;

/**
 * Reads chains over JSON-RPC from inside the enclave. With several endpoints the block is one that enough of them have,
 * and an answer counts only when `quorum` of them gave it to the letter.
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
    chains.map(({ chain, chainId, endpoints }) => [
      chain,
      { chainId, endpoints: endpoints.map(connect) },
    ]),
  );
  return {
    read: async (request, { signal }): Promise<ChainReading> => {
      const { chain, quorum } = request;
      const found = known.get(chain);
      if (!found) throw fabricError("CHAIN_UNKNOWN", { chain });
      const unavailable = (reason: string) => fabricError("CHAIN_UNAVAILABLE", { chain, reason });
      const asked = found.endpoints.length;
      if (asked < quorum)
        throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: asked, needed: quorum });
      try {
        const heads = await settled(
          found.endpoints.map(async (endpoint) => {
            const id = await resultOf(endpoint, "eth_chainId", [], signal);
            if (lower.pipe(quantity).parse(id) !== found.chainId) throw new Error("another chain");
            const block =
              typeof request.block === "number" ? toQuantity(request.block) : request.block;
            return { endpoint, number: (await readBlock(endpoint, block, signal)).number };
          }),
        );
        // The newest block that enough of them have.
        const number = heads.map((head) => head.number).toSorted((a, b) => b - a)[quorum - 1];
        if (number === undefined) {
          if (heads.length === 0) throw unavailable("no endpoint answers for it");
          throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: heads.length, needed: quorum });
        }
        const able = heads.filter((head) => head.number >= number);
        const readings = await settled(
          able.map(({ endpoint }) => readAt(endpoint, number, request, signal)),
        );
        const most = mostGiven(readings);
        if (!most) throw unavailable("no endpoint answered every query");
        if (most.agreed < quorum)
          throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: most.agreed, needed: quorum });
        const { block, results } = most.value;
        const limit = request.maxResultBytes;
        if (results.some((result) => sizeOf(result) > limit))
          throw fabricError("CHAIN_RESULT_TOO_LARGE", { chain, limit });
        return {
          chainId: found.chainId,
          mode: "LIVE",
          block: { ...block, timestamp: block.timestamp * 1_000 },
          quorum: { agreed: most.agreed, asked },
          results,
        };
      } catch (error) {
        signal.throwIfAborted();
        if (isFabricError(error)) throw error;
        throw unavailable("its endpoints failed");
      }
    },
  };
};
