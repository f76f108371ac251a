import { z } from "zod";

const duration = (least: number, most: number) => z.int().min(least).max(most);
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

/** HTTP calls to subscribers. `file` resolves paths. */
export const webhookSchema = <File extends z.ZodType>(file: File) =>
  z.strictObject({
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe("let webhooks reach private and loopback addresses, those also over plain http"),
    caFile: file
      .nullable()
      .default(null)
      .describe("PEM file of authorities that endpoints may have besides the public ones"),
    timeoutMs: duration(100, MINUTE)
      .default(15 * SECOND)
      .describe("longest call, from the look-up of its name to its answer"),
    retryMs: z
      .array(duration(1, 7 * 24 * HOUR))
      .max(20)
      .default([
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        14 * HOUR,
        20 * HOUR,
        24 * HOUR,
      ])
      .describe(
        "pauses before the second try, the third, and so on, each up to a fifth longer by chance; after the last a call is a dead letter",
      ),
    maxWaiting: z
      .int()
      .min(1)
      .max(10_000)
      .default(1_000)
      .describe("calls of one webhook that may wait; rounds beyond them wait in the record"),
  });

/** Runs that are asked for. */
export const requestSchema = z.strictObject({
  maxWaiting: z
    .int()
    .min(1)
    .max(1_000)
    .default(64)
    .describe("requests of one feed that may wait for their run"),
});
