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
  kind: z.enum(["interval", "heartbeat", "deviation", "manual"]),
  feed: text(64).min(1),
  parameters: jsonSchema,
  at: time,
});

const credentialsSchema = z.strictObject({
  kind: z.literal("oauth2-client-credentials"),
  tokenUrl: text(2_048),
  clientId: text(2_048),
  clientSecret: text(2_048),
  scope: text(2_048).exactOptional(),
});

const httpRequestSchema = z.strictObject({
  id: text(64).min(1),
  method: z.enum(["GET", "POST"]),
  url: text(4_096).min(1),
  headers: z.record(text(128), text(8_192)).exactOptional(),
  body: text(262_144).exactOptional(),
  timeoutMs: z.int().min(1).max(120_000).exactOptional(),
  auth: credentialsSchema.exactOptional(),
});

/** @see HostCall */
export const hostCallSchema = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("http.all"),
    requests: z.array(httpRequestSchema).min(1).max(64),
  }),
  z.strictObject({ op: z.literal("time.now") }),
  z.strictObject({ op: z.literal("random.bytes"), length: z.int().min(1).max(1_024) }),
  z.strictObject({
    op: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: text(4_096),
  }),
]);

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
});
