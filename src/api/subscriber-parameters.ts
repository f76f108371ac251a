import { z } from "zod";
import { feedIdSchema } from "../core/ids.ts";

/** Most feeds of one subscription or webhook. */
const MAX_FEEDS = 256;
/** The last ms of the year 9999. */
const MAX_TIME = 253_402_300_799_999;

const round = z.int().min(1).max(0xffff_ffff);

export const feedList = z.array(feedIdSchema).min(1).max(MAX_FEEDS);
export const timeSchema = z.int().min(0).max(MAX_TIME);
/** A place in the log of rounds. */
export const positionSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Where a cursor begins. */
export const startSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("now") }),
    z.strictObject({ kind: z.literal("beginning") }),
    z.strictObject({ kind: z.literal("time"), time: timeSchema }),
    z.strictObject({ kind: z.literal("round"), feed: feedIdSchema, round }),
  ])
  .describe(
    "now: what is committed from here on; beginning: every round on record; time: rounds issued then (ms since epoch) or later; round: that round and what came after it",
  );

export const subscriptionParameters = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,63})$/, "letters, digits, . _ and -, at most 64")
    .describe("name of a subscription"),
});

export const webhookParameters = z.strictObject({
  id: z
    .string()
    .regex(/^wh_[0-9a-f-]{36}$/, "id of a webhook")
    .describe("id of a webhook"),
});

export const sessionSchema = z.uuid();
