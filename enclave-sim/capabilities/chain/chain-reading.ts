import { z } from "zod";
import type { HostCall } from "../../../src/sdk/abi.ts";
import type { ChainReading } from "./chain-reader.ts";

const word = z.string().regex(/^0x[0-9a-f]{64}$/);
const data = z.string().regex(/^0x(?:[0-9a-f]{2})*$/);

/** @see ChainReading */
export const chainReadingSchema = z.strictObject({
  chainId: z.int().min(1),
  mode: z.enum(["LIVE", "EMULATED"]),
  block: z.strictObject({
    number: z.int().min(0),
    hash: word,
    timestamp: z.int().min(0).max(253_402_300_799_999),
  }),
  quorum: z.strictObject({ agreed: z.int().min(1), asked: z.int().min(1).max(64) }),
  results: z.array(
    z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("call"), ok: z.boolean(), data }),
      z.strictObject({
        kind: z.literal("logs"),
        logs: z
          .array(
            z.strictObject({
              block: z.int().min(0),
              index: z.int().min(0),
              topics: z.array(word).max(4),
              data,
            }),
          )
          .max(10_000),
      }),
    ]),
  ),
});

type ChainRead = Extract<HostCall, { op: "chain.read" }>;

/** In what a reading does not answer the call; null when it does. */
export const findReadingFault = (reading: ChainReading, call: ChainRead): string | null => {
  const { block, quorum, results } = reading;
  if (typeof call.block === "number" && block.number !== call.block) return "it is another block";
  if (quorum.agreed > quorum.asked) return "more endpoints agree than were asked";
  if (results.length !== call.queries.length) return "it has another count of results";
  for (const [at, query] of call.queries.entries()) {
    const result = results[at];
    if (result?.kind !== query.kind) return "a result is of another kind than its query";
    if (query.kind !== "logs" || result.kind !== "logs") continue;
    let last = { block: -1, index: -1 };
    for (const log of result.logs) {
      if (log.block > block.number || log.block <= block.number - query.blocks)
        return "a log lies outside the blocks";
      if (log.block < last.block || (log.block === last.block && log.index <= last.index))
        return "the logs are not in order";
      if (query.topics.some((topic, n) => topic !== null && log.topics[n] !== topic))
        return "a log has other topics";
      last = log;
    }
  }
  return null;
};
