import { z } from "zod";
import { guestErrors } from "../../src/core/errors/guest-errors.ts";
import { codedErrorSchema } from "../../src/core/errors/wire.ts";
import { digestSchema } from "../../src/core/ids.ts";

// Strict forms of src/sdk/abi.ts: what a guest says is parsed here before anything acts on it.

/** ms since epoch, up to the year 9999. */
const time = z.int().min(0).max(253_402_300_799_999);
const text = (max: number) => z.string().max(max);
const decimalText = text(100).regex(/^-?\d+(\.\d+)?$/, "plain decimal text");

/** Parsed JSON of any shape; the size is bounded as text before. */
const jsonSchema = z.json();

export const triggerSchema = z.strictObject({
  id: text(256).min(1),
  kind: z.enum(["interval", "heartbeat", "deviation", "manual", "call"]),
  feed: text(64).min(1),
  parameters: jsonSchema,
  at: time,
});

/** A name or note of a guest that people will read: on one line, without marks that steer a terminal. */
const line = (max: number) =>
  text(max).regex(/^[^\p{Cc}\p{Cf}\u2028\u2029]*$/u, "on one plain line");

/** The text of a field must be a value of its type: what is signed as a decimal is one. */
const recordFieldSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("string"), value: text(4_096) }),
  z.strictObject({ type: z.literal("decimal"), value: decimalText }),
  z.strictObject({ type: z.literal("boolean"), value: z.enum(["true", "false"]) }),
  z.strictObject({
    type: z.literal("timestamp"),
    value: text(15).regex(/^\d+$/, "ms since epoch"),
  }),
  z.strictObject({ type: z.literal("null"), value: z.literal("") }),
]);

const feedValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("decimal"),
    text: decimalText,
    decimals: z.int().min(0).max(38),
    unit: text(64),
  }),
  z.strictObject({ kind: z.literal("record"), fields: z.record(text(64), recordFieldSchema) }),
]);

const sourceReadingSchema = z.strictObject({
  id: line(64).min(1),
  reference: z.int().min(1).nullable(),
  extracted: text(4_096).nullable(),
  observedAt: time.nullable(),
  outlier: z.boolean(),
  error: text(64)
    .regex(/^[A-Z][A-Z0-9_]*$/, "a code")
    .nullable(),
});

/** @see ObservationDraft */
export const observationDraftSchema = z.strictObject({
  feed: text(64).min(1),
  value: feedValueSchema,
  observedAt: time,
  market: z.strictObject({
    status: z.enum(["open", "closed", "unknown"]),
    session: line(64).nullable(),
    nextOpen: time.nullable(),
  }),
  sources: z.array(sourceReadingSchema).max(64),
  aggregation: z.strictObject({
    method: line(64),
    minSources: z.int().min(1).max(64),
    used: z.int().min(1).max(64),
    spread: decimalText,
  }),
});

/** @see RunOutcome. An error whose code is unknown or not a guest's does not parse. */
export const runOutcomeSchema = z.union([
  z.strictObject({ ok: z.strictObject({ observation: observationDraftSchema }) }),
  z.strictObject({
    error: codedErrorSchema.refine(
      ({ code }) => Object.hasOwn(guestErrors, code),
      "not a code of a guest",
    ),
  }),
]);
export type ParsedOutcome = z.infer<typeof runOutcomeSchema>;

const count = z.int().min(0);

/** @see Provenance */
export const provenanceSchema = z.strictObject({
  reference: z.int().min(1),
  id: text(64).min(1),
  mode: z.enum(["LIVE", "EMULATED"]),
  requestDigest: digestSchema,
  tls: z
    .strictObject({ spkiSha256: text(64), certificateSha256: text(64), protocol: text(16) })
    .nullable(),
  status: z.int().min(100).max(599).nullable(),
  responseDigest: digestSchema.nullable(),
  receivedAt: time.nullable(),
  secrets: z
    .array(z.strictObject({ name: text(64), digest: digestSchema }))
    .max(32)
    .readonly()
    .exactOptional(),
  chain: z
    .strictObject({
      name: text(64),
      chainId: z.int().min(1),
      blockNumber: count,
      blockHash: text(66).regex(/^0x[0-9a-f]{64}$/),
      agreed: z.int().min(1),
      asked: z.int().min(1),
    })
    .exactOptional(),
  call: z
    .strictObject({
      cryptlet: text(64),
      version: text(64),
      measurement: digestSchema,
      receiptDigest: digestSchema,
      transcriptDigest: digestSchema,
    })
    .exactOptional(),
});
