import { z } from "zod";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { ChainAnswer, ChainQuery, ChainResult } from "../../../src/sdk/abi.ts";
import type { JsonRpcEndpoint, RpcAnswer } from "./json-rpc-endpoint.ts";

// The JSON-RPC calls of a chain read (EIP-1474) and the strict forms of what comes back.

/** A block as an endpoint describes it. */
export type BlockFacts = ChainAnswer["block"];

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/i)
  .transform((text) => Number.parseInt(text, 16));
const lower = (pattern: RegExp) =>
  z
    .string()
    .regex(pattern)
    .transform((text) => text.toLowerCase());
const word = lower(/^0x[0-9a-f]{64}$/i);
const bytes = lower(/^0x(?:[0-9a-f]{2})*$/i);

const blockSchema = z.object({ number: quantity, hash: word, timestamp: quantity });
const logSchema = z.object({
  address: lower(/^0x[0-9a-f]{40}$/i),
  blockNumber: quantity,
  logIndex: quantity,
  topics: z.array(word).max(4),
  data: bytes,
  removed: z.boolean().optional(),
});

const parse = <Value>(schema: z.ZodType<Value>, answer: RpcAnswer, what: string): Value => {
  if (!answer.ok) throw new Error(`${what} is refused with code ${answer.code}`);
  const parsed = schema.safeParse(answer.result);
  if (parsed.success) return parsed.data;
  throw new Error(`${what} has an unknown form`);
};

const hexNumber = (number: number) => `0x${number.toString(16)}`;

/** `eth_chainId` (EIP-695). */
export const readChainId = async (
  endpoint: JsonRpcEndpoint,
  signal: AbortSignal,
): Promise<number> =>
  parse(quantity, await endpoint.ask("eth_chainId", [], signal), "the chain id");

/** A block by tag or number, without its transactions. */
export const readBlock = async (
  endpoint: JsonRpcEndpoint,
  block: string | number,
  signal: AbortSignal,
): Promise<BlockFacts> => {
  const tag = typeof block === "number" ? hexNumber(block) : block;
  const answer = await endpoint.ask("eth_getBlockByNumber", [tag, false], signal);
  const facts = parse(blockSchema, answer, "the block");
  return { number: facts.number, hash: facts.hash, timestamp: facts.timestamp * 1_000 };
};

/** Where and how much a query may read. */
interface QueryBounds {
  readonly chain: string;
  readonly pinned: BlockFacts;
  readonly maxResultBytes: number;
  readonly signal: AbortSignal;
}

/** One query at the pinned block. Throws `CHAIN_RESULT_TOO_LARGE`. */
export const readQuery = (
  endpoint: JsonRpcEndpoint,
  query: ChainQuery,
  bounds: QueryBounds,
): Promise<ChainResult> =>
  query.kind === "call" ? readCall(endpoint, query, bounds) : readLogs(endpoint, query, bounds);

const refuseAbove = (hexDigits: number, { chain, maxResultBytes }: QueryBounds): void => {
  if (hexDigits > 2 * maxResultBytes)
    throw fabricError("CHAIN_RESULT_TOO_LARGE", { chain, limit: maxResultBytes });
};

/** Codes of "execution reverted": 3 is Geth's and what EIP-1474 clients took over, -32000 others'. */
const REVERT_CODES: ReadonlySet<number> = new Set([3, -32_000, -32_015]);

const readCall = async (
  endpoint: JsonRpcEndpoint,
  { contract, data }: Extract<ChainQuery, { kind: "call" }>,
  bounds: QueryBounds,
): Promise<ChainResult> => {
  const at = { blockHash: bounds.pinned.hash, requireCanonical: true };
  const params = [{ to: contract, data }, at];
  const answer = await endpoint.ask("eth_call", params, bounds.signal);
  if (!answer.ok) {
    const { code, data: reason } = answer;
    const said = bytes.safeParse(reason);
    // Only an error with the contract's own data, or with Geth's own code, is the contract's word.
    if (code !== 3 && !(REVERT_CODES.has(code) && said.success))
      throw new Error(`eth_call is refused with code ${code}`);
    const reverted = said.success ? said.data : "0x";
    refuseAbove(reverted.length - 2, bounds);
    return { kind: "call", ok: false, data: reverted };
  }
  const result = parse(bytes, answer, "the result of eth_call");
  refuseAbove(result.length - 2, bounds);
  return { kind: "call", ok: true, data: result };
};

const readLogs = async (
  endpoint: JsonRpcEndpoint,
  { contract, topics, blocks }: Extract<ChainQuery, { kind: "logs" }>,
  bounds: QueryBounds,
): Promise<ChainResult> => {
  const { number, hash } = bounds.pinned;
  const range =
    blocks === 1
      ? { blockHash: hash }
      : { fromBlock: hexNumber(Math.max(0, number - blocks + 1)), toBlock: hexNumber(number) };
  const filter = { address: contract, topics, ...range };
  const answer = await endpoint.ask("eth_getLogs", [filter], bounds.signal);
  const logs = parse(z.array(logSchema), answer, "the logs");
  if (logs.some(({ address, removed }) => address !== contract || removed === true))
    throw new Error("a log is of another contract, or was removed");
  let digits = 0;
  for (const log of logs) digits += log.data.length + 66 * log.topics.length;
  refuseAbove(digits, bounds);
  return {
    kind: "logs",
    logs: logs
      .map(({ blockNumber, logIndex, topics: found, data }) => ({
        block: blockNumber,
        index: logIndex,
        topics: found,
        data,
      }))
      .toSorted((a, b) => a.block - b.block || a.index - b.index),
  };
};
