import * as z from "zod";
import {
  cryptletIdSchema,
  digestSchema,
  fabricIdSchema,
  feedHashSchema,
  feedIdSchema,
  runIdSchema,
} from "../core/ids.ts";

/**
 * DSSE payload type of the JSON form.
 * @example
 * ```ts
 * import { OBSERVATION_TYPE } from "cryptlet-fabric/envelope";
 *
 * console.log(OBSERVATION_TYPE); // application/vnd.cryptlet.observation.v1+json
 * ```
 */
export const OBSERVATION_TYPE = "application/vnd.cryptlet.observation.v1+json";
/**
 * DSSE payload type of the fixed-length ABI tuple that contracts check.
 * @example
 * ```ts
 * import { OBSERVATION_SOLABI_TYPE } from "cryptlet-fabric/envelope";
 *
 * console.log(OBSERVATION_SOLABI_TYPE); // application/vnd.cryptlet.observation.v1+solabi
 * ```
 */
export const OBSERVATION_SOLABI_TYPE = "application/vnd.cryptlet.observation.v1+solabi";

/** ms since epoch, up to the year 9999. */
const time = z.int().min(0).max(253_402_300_799_999);
const text = (max: number) => z.string().max(max);
const decimalText = z
  .string()
  .max(100)
  .regex(/^-?\d+(\.\d+)?$/, "plain decimal text");

const valueSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("decimal"),
    text: decimalText,
    decimals: z.int().min(0).max(38),
    unit: text(64),
  }),
  z.strictObject({
    kind: z.literal("record"),
    fields: z.record(
      text(64),
      z.strictObject({
        type: z.enum(["string", "decimal", "boolean", "timestamp", "null"]),
        value: text(4_096),
      }),
    ),
  }),
]);

/** Provenance of one source: what was asked, over which TLS key, what came back, what was read from it. */
const sourceSchema = z.strictObject({
  id: text(64),
  mode: z.enum(["LIVE", "EMULATED"]).nullable(),
  /** Over the request template: secret names, never secret values. */
  requestDigest: digestSchema.nullable(),
  tls: z
    .strictObject({ spkiSha256: text(64), certificateSha256: text(64), protocol: text(16) })
    .nullable(),
  status: z.int().min(100).max(599).nullable(),
  responseDigest: digestSchema.nullable(),
  extracted: text(4_096).nullable(),
  observedAt: time.nullable(),
  outlier: z.boolean(),
  error: text(64).nullable(),
});

/**
 * One value or record of a feed, round n: the JSON payload that is signed.
 * @example
 * ```ts
 * import { observationSchema } from "cryptlet-fabric/envelope";
 *
 * console.log(observationSchema.safeParse({}).success); // false
 * ```
 */
export const observationSchema = z.strictObject({
  subject: z.strictObject({
    fabric: fabricIdSchema,
    feed: feedIdSchema,
    feedHash: feedHashSchema,
    round: z.int().min(1).max(0xffff_ffff),
    epoch: z.int().min(0).max(0xffff_ffff),
  }),
  cryptlet: z.strictObject({ id: cryptletIdSchema, version: text(64), measurement: digestSchema }),
  value: valueSchema,
  observedAt: time,
  issuedAt: time,
  validUntil: time,
  market: z.strictObject({
    status: z.enum(["open", "closed", "unknown"]),
    session: text(64).nullable(),
    nextOpen: time.nullable(),
  }),
  sources: z.array(sourceSchema).max(64),
  aggregation: z.strictObject({
    method: text(64),
    minSources: z.int().min(1).max(64),
    used: z.int().min(1).max(64),
    spread: decimalText,
  }),
  run: z.strictObject({
    id: runIdSchema,
    trigger: text(256),
    transcriptDigest: digestSchema,
    /** Of the receipt that travels in the bundle: lane, wall, determinism (run-receipt.ts). */
    receiptDigest: digestSchema,
  }),
  /** Digest of the previous round's envelope of this feed: a gap is visible. Null for the first. */
  previous: z.strictObject({ envelopeDigest: digestSchema }).nullable(),
});

/** @see observationSchema */
export type Observation = z.infer<typeof observationSchema>;
