import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema, feedIdSchema, type FabricId } from "../core/ids.ts";
import { evidenceSchema } from "../envelope/bundle.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";

// What hosts of a quorum ask each other over the bus. Nothing here is believed for who sent it: statements carry
// signatures, members carry evidence.

const FORMAT = "cryptlet-quorum/v1";
/** Characters of a statement in a message: with signatures around it still far below the bus's limit. */
const MAX_STATEMENT = 262_144;
/** Bytes of any message. */
export const MAX_MESSAGE_BYTES = 524_288;
/** Statements that one answer brings back. */
export const MAX_RECOVERED = 4;

/** Characters of a step of the group: a plan with the evidence of every member. */
const MAX_GROUP_BODY = 460_000;
/** The record that a member holds, the key ceremony in its order, then the two rounds of a signature. */
export const GROUP_STEPS = [
  "held",
  "join",
  "deal",
  "receive",
  "finish",
  "commit",
  "share",
] as const;
/** @see GROUP_STEPS */
export type GroupStep = (typeof GROUP_STEPS)[number];

const memberId = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/);
const signature = z.strictObject({
  keyid: digestSchema,
  sig: z.string().regex(/^[A-Za-z0-9+/]{40,120}={0,2}$/),
});
const round = z.int().min(0).max(0xffff_ffff);
const statement = z.string().min(2).max(MAX_STATEMENT);

/** One member's signatures over both forms of a statement. */
export const memberSignatureSchema = z.strictObject({
  member: memberId,
  json: signature,
  /** Null for a record. */
  onchain: signature.nullable(),
});
/** @see memberSignatureSchema */
export type MemberSignature = z.infer<typeof memberSignatureSchema>;

const requestSchema = z.discriminatedUnion("kind", [
  /** A leader's statement, to be endorsed. Whoever brings it: the leader's signature is in it. */
  z.strictObject({
    format: z.literal(FORMAT),
    kind: z.literal("propose"),
    feed: feedIdSchema,
    statement,
    leader: memberSignatureSchema,
  }),
  /** Statements above a round that this member stands by. */
  z.strictObject({
    format: z.literal(FORMAT),
    kind: z.literal("recover"),
    feed: feedIdSchema,
    after: round,
  }),
  /** A step of the members' group: what its enclave judges by itself (`GroupStep`). */
  z.strictObject({
    format: z.literal(FORMAT),
    kind: z.literal("group"),
    feed: feedIdSchema,
    step: z.enum(GROUP_STEPS),
    /** JSON text. */
    body: z.string().min(2).max(MAX_GROUP_BODY),
  }),
  /** Evidence of the keys that sign this feed. */
  z.strictObject({ format: z.literal(FORMAT), kind: z.literal("introduce"), feed: feedIdSchema }),
]);
/** @see requestSchema */
export type QuorumRequest = z.infer<typeof requestSchema>;

export const endorsedSchema = z.strictObject({
  format: z.literal(FORMAT),
  signature: memberSignatureSchema,
});
export const recoveredSchema = z.strictObject({
  format: z.literal(FORMAT),
  statements: z
    .array(
      z.strictObject({
        statement,
        /** Of those that this member knows, its own among them. */
        signatures: z.array(memberSignatureSchema).min(1).max(32),
      }),
    )
    .max(MAX_RECOVERED),
});
export const groupAnswerSchema = z.strictObject({
  format: z.literal(FORMAT),
  body: z.string().min(2).max(MAX_GROUP_BODY),
});
export const introducedSchema = z.strictObject({
  format: z.literal(FORMAT),
  evidence: evidenceSchema,
});

const encoder = new TextEncoder();

const parse = <Schema extends z.ZodType>(data: Uint8Array, schema: Schema): z.output<Schema> => {
  let json: unknown;
  try {
    json = parseStrictJson(data, { limit: MAX_MESSAGE_BYTES, what: "the message" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it is no JSON";
    throw fabricError("QUORUM_MESSAGE_INVALID", { reason }, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw fabricError("QUORUM_MESSAGE_INVALID", {
    reason: z.prettifyError(parsed.error).slice(0, 300),
  });
};

/** Read what somebody asks. Throws `QUORUM_MESSAGE_INVALID`. */
export const parseRequest = (data: Uint8Array): QuorumRequest => parse(data, requestSchema);

/** Read what a member answered. Throws `QUORUM_MESSAGE_INVALID`. */
export const parseAnswer = <Schema extends z.ZodType>(
  data: Uint8Array,
  schema: Schema,
): z.output<Schema> => parse(data, schema);

type WithoutFormat<Message> = Message extends unknown ? Omit<Message, "format"> : never;

/** Bytes of a message with its format. */
export const encodeMessage = (
  message:
    | WithoutFormat<QuorumRequest>
    | Omit<z.input<typeof endorsedSchema>, "format">
    | Omit<z.input<typeof recoveredSchema>, "format">
    | Omit<z.input<typeof groupAnswerSchema>, "format">
    | Omit<z.input<typeof introducedSchema>, "format">,
): Uint8Array => encoder.encode(JSON.stringify({ format: FORMAT, ...message }));

/** Bus subject on which a member is asked. */
export const memberSubject = (fabric: FabricId, member: string): string =>
  `cryptlet.${fabric}.quorum.${member}`;
