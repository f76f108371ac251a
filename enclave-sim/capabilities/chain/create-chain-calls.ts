import { z } from "zod";
import type { Clock } from "../../../src/core/clock.ts";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { Digest } from "../../../src/core/ids.ts";
import { digestOf } from "../../../src/crypto/hashes.ts";
import { canonicalJson } from "../../../src/envelope/canonical-json.ts";
import type { ChainAnswer, HostCall, Json } from "../../../src/sdk/abi.ts";
import type { ChainManifest } from "../../../src/sdk/manifest.ts";
import type { Capability } from "../capability.ts";
import type { ChainReader, ChainReading } from "./chain-reader.ts";
import { chainReadingSchema, findReadingFault } from "./chain-reading.ts";

const hexBytes = (bytes: number) =>
  z.string().regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`), "0x and lower-case hex");
const MAX_CALL_BYTES = 16_384;
const MAX_QUERIES = 32;

const querySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("call"),
    contract: hexBytes(20),
    data: z
      .string()
      .max(2 + 2 * MAX_CALL_BYTES)
      .regex(/^0x(?:[0-9a-f]{2}){4,}$/, "0x and at least four bytes of lower-case hex"),
  }),
  z.strictObject({
    kind: z.literal("logs"),
    contract: hexBytes(20),
    topics: z.array(hexBytes(32).nullable()).min(1).max(4),
    blocks: z.int().min(1).max(10_000),
  }),
]);

const calls = {
  "chain.read": z.strictObject({
    op: z.literal("chain.read"),
    id: z.string().min(1).max(64),
    chain: z.string().max(63),
    block: z.union([z.enum(["latest", "safe", "finalized"]), z.int().min(0)]),
    queries: z.array(querySchema).min(1).max(MAX_QUERIES),
  }),
};

type ChainRead = Extract<HostCall, { op: "chain.read" }>;

const digestOfJson = (content: unknown): Digest =>
  digestOf(new TextEncoder().encode(canonicalJson(content)));

/** `ctx.chain.read`: contracts, selectors and events of the manifest, all of one call at one block. */
export const createChainCalls = (
  granted: readonly ChainManifest[],
  reader: ChainReader | null,
  clock: Clock,
): Capability<"chain.read"> => ({
  name: "chains",
  granted: granted.length > 0,
  calls,
  perform: async (call, { signal, nextReference }) => {
    const { chain, block, queries } = call;
    const entry = granted.find((each) => each.chain === chain);
    if (!entry)
      throw fabricError("CHAIN_READ_REFUSED", { chain, reason: "the chain is not named" });
    for (const query of queries) checkChainQuery(entry, query);
    if (!reader) throw fabricError("CHAIN_UNKNOWN", { chain });
    const { quorum, maxResultBytes } = entry;
    const given = await reader.read({ chain, block, queries, quorum, maxResultBytes }, { signal });
    const reading = checkReading(entry, call, given);
    const reference = nextReference();
    const receivedAt = clock.now();
    const answer: ChainAnswer = { reference, chain, ...reading };
    return {
      ok: answer as unknown as Json,
      provenance: [
        {
          reference,
          id: call.id,
          mode: reading.mode,
          requestDigest: digestOfJson({ chain, chainId: entry.chainId, block, queries }),
          tls: null,
          status: null,
          responseDigest: digestOfJson({ block: reading.block, results: reading.results }),
          receivedAt,
          chain: {
            name: chain,
            chainId: reading.chainId,
            blockNumber: reading.block.number,
            blockHash: reading.block.hash,
            ...reading.quorum,
          },
        },
      ],
    };
  },
});

/** Throws `CHAIN_READ_REFUSED` for what the manifest does not name. */
export const checkChainQuery = (
  entry: ChainManifest,
  query: ChainRead["queries"][number],
): void => {
  const refuse = (reason: string) =>
    fabricError("CHAIN_READ_REFUSED", { chain: entry.chain, reason });
  const contract = entry.contracts.find(({ address }) => address === query.contract);
  if (!contract) throw refuse(`the contract ${query.contract} is not named`);
  if (query.kind === "call") {
    const selector = query.data.slice(0, 10);
    if (!contract.selectors.includes(selector))
      throw refuse(`the selector ${selector} is not named`);
    return;
  }
  const [event] = query.topics;
  if (event === undefined || event === null || !contract.events.includes(event))
    throw refuse("the first topic is no event that is named");
  if (query.blocks > entry.maxLogBlocks)
    throw refuse(`${query.blocks} blocks are asked for, ${entry.maxLogBlocks} are allowed`);
};

/** The reader is not the enclave: what it says is parsed and held against what was asked. */
const checkReading = (entry: ChainManifest, call: ChainRead, given: ChainReading): ChainReading => {
  const { chain, chainId, quorum, maxResultBytes } = entry;
  const unavailable = (reason: string) => fabricError("CHAIN_UNAVAILABLE", { chain, reason });
  const parsed = chainReadingSchema.safeParse(given);
  if (!parsed.success) throw unavailable("the reader's answer has an unknown form");
  const reading = parsed.data;
  if (reading.chainId !== chainId)
    throw unavailable(`it answers for chain id ${reading.chainId}, not ${chainId}`);
  if (reading.quorum.agreed < quorum)
    throw fabricError("CHAIN_NO_QUORUM", { chain, agreed: reading.quorum.agreed, needed: quorum });
  const large = reading.results.some(
    (result) => JSON.stringify(result).length > 2 * maxResultBytes + 4_096,
  );
  if (large) throw fabricError("CHAIN_RESULT_TOO_LARGE", { chain, limit: maxResultBytes });
  const fault = findReadingFault(reading, call);
  if (fault) throw unavailable(fault);
  return reading;
};
