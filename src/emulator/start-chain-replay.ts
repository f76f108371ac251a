import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { z } from "zod";
import { sendJson } from "./fault.ts";
import { listen } from "./listen.ts";
import { readSmallBody } from "./small-body.ts";

/** What a recording has of one chain. Times are ms since epoch, hex is lower case. */
export interface ReplayedRead {
  readonly chainId?: number;
  readonly block?: {
    readonly number: number;
    readonly hash: string;
    readonly timestamp: number;
  } | null;
  /** Left out: its one result answers whatever is asked. */
  readonly queries?: readonly ReplayedQuery[] | null;
  readonly results: readonly ReplayedResult[];
}
export type ReplayedQuery =
  | { readonly kind: "call"; readonly contract: string; readonly data: string }
  | {
      readonly kind: "logs";
      readonly contract: string;
      readonly topics: readonly (string | null)[];
      readonly blocks: number;
    };
export type ReplayedResult =
  | { readonly kind: "call"; readonly ok: boolean; readonly data: string }
  | {
      readonly kind: "logs";
      readonly logs: readonly {
        readonly block: number;
        readonly index: number;
        readonly topics: readonly string[];
        readonly data: string;
      }[];
    };

export interface ChainReplayOptions {
  /** Reads whose time has come, the newest first; asked anew for each call. */
  readonly reads: (chain: string) => readonly ReplayedRead[];
  /** Market time, ms since epoch: of a block that the recording does not name. */
  readonly now: () => number;
  /** Told of a call to which there is no answer. */
  readonly onMissing?: (call: { readonly chain: string; readonly method: string }) => void;
}

/** Runs until `close`. */
export interface ChainReplay {
  /** JSON-RPC address of one chain. */
  url(chain: string): string;
  close(): Promise<void>;
}

const hex = z
  .string()
  .max(1_048_576)
  .regex(/^0x[0-9a-fA-F]*$/)
  .transform((text) => text.toLowerCase());
const callParams = z.tuple([z.object({ to: hex, data: hex }), z.unknown()]);
const logParams = z.tuple([
  z.object({
    address: hex,
    topics: z.array(hex.nullable()).max(4),
    fromBlock: hex.optional(),
    toBlock: hex.optional(),
  }),
]);
const requestSchema = z.object({
  id: z.union([z.number(), z.string().max(64)]),
  method: z.string().max(64),
  params: z.array(z.unknown()).max(4).default([]),
});

const CHAIN_ID = 1;
/** Of a block that nobody recorded: one each twelve seconds, as Ethereum has since its merge. */
const SLOT_MS = 12_000;

const quantity = (number: number) => `0x${number.toString(16)}`;

type Block = NonNullable<ReplayedRead["block"]>;

const madeUpBlock = (now: number): Block => {
  const number = Math.floor(now / SLOT_MS);
  const hash = createHash("sha256").update(`recorded block ${number}`).digest("hex");
  return { number, hash: `0x${hash}`, timestamp: number * SLOT_MS };
};

const blockOf = (reads: readonly ReplayedRead[], now: number): Block =>
  reads.find(({ block }) => block)?.block ?? madeUpBlock(now);

const fits = (recorded: ReplayedQuery, asked: ReplayedQuery): boolean => {
  if (recorded.contract !== asked.contract) return false;
  if (recorded.kind === "call") return asked.kind === "call" && recorded.data === asked.data;
  return (
    asked.kind === "logs" &&
    recorded.blocks === asked.blocks &&
    JSON.stringify(recorded.topics) === JSON.stringify(asked.topics)
  );
};

const resultOf = (
  reads: readonly ReplayedRead[],
  asked: ReplayedQuery,
): ReplayedResult | undefined => {
  for (const { queries, results } of reads) {
    const at = queries?.findIndex((query) => fits(query, asked)) ?? -1;
    if (at >= 0) return results[at];
  }
  // Several results without their questions could be anybody's.
  return reads.find(
    ({ queries, results }) => !queries && results.length === 1 && results[0]?.kind === asked.kind,
  )?.results[0];
};

interface RpcReply {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: string };
}

const askedLogs = (params: readonly unknown[]): ReplayedQuery | null => {
  const parsed = logParams.safeParse(params);
  if (!parsed.success) return null;
  const [{ address, topics, fromBlock, toBlock }] = parsed.data;
  const blocks =
    fromBlock === undefined || toBlock === undefined
      ? 1
      : Number.parseInt(toBlock, 16) - Number.parseInt(fromBlock, 16) + 1;
  return { kind: "logs", contract: address, topics, blocks };
};

const reply = (result: ReplayedResult, asked: ReplayedQuery, block: Block): RpcReply => {
  if (result.kind === "call")
    return result.ok
      ? { result: result.data }
      : { error: { code: 3, message: "execution reverted", data: result.data } };
  return {
    result: result.logs.map(({ block: number, index, topics, data }) => ({
      address: asked.contract,
      blockNumber: quantity(number),
      blockHash: block.hash,
      logIndex: quantity(index),
      topics,
      data,
      removed: false,
    })),
  };
};

const perform = (
  { method, params }: z.infer<typeof requestSchema>,
  reads: readonly ReplayedRead[],
  now: number,
): RpcReply | null => {
  const block = blockOf(reads, now);
  if (method === "eth_chainId")
    return { result: quantity(reads.find(({ chainId }) => chainId)?.chainId ?? CHAIN_ID) };
  if (method === "eth_getBlockByNumber") {
    const { number, hash, timestamp } = block;
    return {
      result: {
        number: quantity(number),
        hash,
        timestamp: quantity(Math.floor(timestamp / 1_000)),
      },
    };
  }
  let asked: ReplayedQuery | null = null;
  if (method === "eth_call") {
    const parsed = callParams.safeParse(params);
    if (parsed.success)
      asked = { kind: "call", contract: parsed.data[0].to, data: parsed.data[0].data };
  } else if (method === "eth_getLogs") asked = askedLogs(params);
  const result = asked && resultOf(reads, asked);
  return asked && result ? reply(result, asked, block) : null;
};

/**
 * Answers the JSON-RPC calls of a chain read (`eth_chainId`, `eth_getBlockByNumber`, `eth_call`, `eth_getLogs`) from a
 * recording, on loopback, so that an enclave reads it as it reads a node.
 */
export const startChainReplay = async (options: ChainReplayOptions): Promise<ChainReplay> => {
  const server = createServer((request, response) => {
    void serve(options, request, response);
  });
  server.requestTimeout = 30_000;
  const bound = await listen(server, 0);
  return {
    url: (chain) => `http://127.0.0.1:${bound.port}/${encodeURIComponent(chain)}`,
    close: () => bound.close(),
  };
};

const parseRequest = (text: string): z.infer<typeof requestSchema> | null => {
  try {
    return requestSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
};

const serve = async (
  { reads, now, onMissing }: ChainReplayOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const body = await readSmallBody(request).catch(() => null);
  if (body === null) return;
  const asked = parseRequest(body);
  if (!asked) {
    sendJson(
      response,
      400,
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no request"}}',
    );
    return;
  }
  const chain = decodeChain(request.url ?? "/");
  const found = perform(asked, reads(chain), now());
  if (!found) onMissing?.({ chain, method: asked.method });
  const answer = found ?? { error: { code: -32_601, message: "the recording has no answer" } };
  sendJson(response, 200, JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...answer }));
};

const decodeChain = (url: string): string => {
  try {
    return decodeURIComponent(url.slice(1));
  } catch {
    return "";
  }
};
