import * as z from "zod";

import {
  chainNameSchema,
  cryptletIdSchema,
  digestSchema,
  feedHashSchema,
  feedIdSchema,
} from "../core/ids.ts";
import { evidenceSchema } from "../envelope/bundle.ts";

/**
 * What the API answers, as this client accepts it: bounded, and objects may carry fields of a later version, which
 * are dropped.
 */
const text = z.string().max(4_096);
/** ms since epoch, up to the year 9999. */
const time = z.int().min(0).max(253_402_300_799_999);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const integerText = z
  .string()
  .max(100)
  .regex(/^-?\d+$/, "integer text");

export const deliveryAnswer = z.object({
  id: text,
  feed: feedIdSchema,
  round: count,
  chain: chainNameSchema,
  contract: text,
  status: z.enum(["prepared", "submitted", "included", "final", "superseded", "failed"]),
  subStatus: text.nullable(),
  transaction: text.nullable(),
  blockNumber: count.nullable(),
  error: text.nullable(),
  attempts: count,
  updatedAt: time,
});

/** A delivery with everything that happened to it. */
export const deliveryDetailAnswer = deliveryAnswer.extend({
  createdAt: time,
  history: z
    .array(
      z.object({
        at: time,
        status: deliveryAnswer.shape.status,
        subStatus: text.nullable(),
        detail: text,
      }),
    )
    .max(10_000),
  advice: text.nullable(),
});
/** @see deliveryAnswer */
export type DeliveryAnswer = z.infer<typeof deliveryAnswer>;
/** @see deliveryDetailAnswer */
export type DeliveryDetailAnswer = z.infer<typeof deliveryDetailAnswer>;
export const deliveriesAnswer = z
  .object({ deliveries: z.array(deliveryAnswer).max(1_000) })
  .transform(({ deliveries }) => deliveries);

/** What became of one round on all its chains; only `landed` says that it is final everywhere. */
export const roundReceiptAnswer = z.object({
  feed: feedIdSchema,
  round: count,
  envelopeDigest: digestSchema,
  outcome: z.enum(["landed", "partial", "missed", "pending", "unbound"]),
  settled: z.boolean(),
  landed: count,
  asked: count,
  deliveries: z.array(deliveryAnswer).max(1_000),
  waiting: z.array(z.object({ chain: chainNameSchema, contract: text })).max(1_000),
});
/** @see roundReceiptAnswer */
export type RoundReceiptAnswer = z.infer<typeof roundReceiptAnswer>;

/** A message that a consumer gave up on. */
export const deadLetterAnswer = z.object({
  id: text,
  stream: text,
  consumer: text,
  sequence: count,
  subject: text,
  messageId: text.nullable(),
  deliveries: count,
  reason: text,
  bytes: count,
  buriedAt: time,
  replays: count,
  replayedAt: time.nullable(),
});
/** @see deadLetterAnswer */
export type DeadLetterAnswer = z.infer<typeof deadLetterAnswer>;
export const deadLettersAnswer = z
  .object({ deadLetters: z.array(deadLetterAnswer).max(1_000) })
  .transform(({ deadLetters }) => deadLetters);

/** Fresh evidence of a fabric's keys; nothing of it is verified. */
export const attestationAnswer = z.object({
  nonce: text,
  omitted: count,
  evidence: z
    .array(
      z.object({
        cryptlet: cryptletIdSchema,
        measurement: digestSchema,
        evidence: evidenceSchema,
        platformRoot: text,
        notAfter: time,
        simulated: z.boolean(),
      }),
    )
    .max(64),
});
/** @see attestationAnswer */
export type AttestationAnswer = z.infer<typeof attestationAnswer>;

/** One published round. */
export const roundAnswer = z.object({
  feed: feedIdSchema,
  feedHash: feedHashSchema,
  round: z.int().min(1).max(0xffff_ffff),
  /** Integer text in the feed's decimals; null for a record feed. */
  answer: integerText.nullable(),
  value: z.unknown(),
  observedAt: time,
  issuedAt: time,
  validUntil: time,
  mode: z.enum(["LIVE", "EMULATED"]),
  simulated: z.boolean(),
  envelopeDigest: digestSchema,
  deliveries: z.array(deliveryAnswer).max(1_000),
});
/** A committed round as the API answers it; times in ms since epoch, `answer` integer text in the feed's decimals. */
export type RoundAnswer = z.infer<typeof roundAnswer>;

/** A configured feed. */
export const feedAnswer = z.object({
  id: feedIdSchema,
  hash: feedHashSchema,
  cryptlet: cryptletIdSchema,
  kind: z.enum(["decimal", "record"]),
  decimals: z.int().min(0).max(77).nullable(),
  unit: text.nullable(),
  description: text,
  heartbeatMs: count,
  deviationPpm: count.nullable(),
  intervalMs: count,
  bindings: z.array(z.object({ chain: chainNameSchema, contract: text })).max(1_000),
  latestRound: count,
});
/** A configured feed as the API answers it; times in ms, deviation in parts per million. */
export type FeedAnswer = z.infer<typeof feedAnswer>;

export const feedsAnswer = z
  .object({ feeds: z.array(feedAnswer).max(10_000) })
  .transform(({ feeds }) => feeds);
export const roundsAnswer = z
  .object({ rounds: z.array(roundAnswer).max(1_000) })
  .transform(({ rounds }) => rounds);

/** Any JSON object: a transcript is checked by its hash chain. */
export const transcriptAnswer = z.record(z.string(), z.unknown());

/** Any JSON object: a bundle proves itself and is parsed by its verifier. */
export const bundleAnswer = z.record(z.string(), z.unknown());

export const healthAnswer = z.object({
  ok: z.boolean(),
  parts: z.record(text, z.object({ ok: z.boolean(), detail: text })),
});
/** Whether the parts of a host are up. */
export type HealthAnswer = z.infer<typeof healthAnswer>;

export const livenessAnswer = z.object({
  ok: z.boolean(),
  loops: z.record(text, z.object({ ok: z.boolean(), idleMs: z.number(), limitMs: z.number() })),
});
/** Whether the loops of a host still turn; times in ms. */
export type LivenessAnswer = z.infer<typeof livenessAnswer>;
