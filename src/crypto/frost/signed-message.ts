import * as z from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { type Digest, digestSchema } from "../../core/ids.ts";
import { hexToBytes, bytesToHex } from "../bytes.ts";
import { digestOf } from "../hashes.ts";
import {
  createVerifyingKey,
  type KeyRecord,
  type SigningKey,
  type VerifyingKey,
} from "../key-record.ts";
import { GROUP_LIMITS } from "./group-limits.ts";

/** What a member of a group says; one of a kind is never taken for another. */
export const GROUP_MESSAGE_KINDS = [
  "join",
  "deal",
  "confirm",
  "complaint",
  "commitment",
  "share",
] as const;
/** @see GROUP_MESSAGE_KINDS */
export type GroupMessageKind = (typeof GROUP_MESSAGE_KINDS)[number];

/**
 * A message of one member: JSON text and the Ed25519 signature of the member's attested key over exactly this text. It
 * is evidence: whoever holds two that contradict each other, or one that is wrong, can show it to anyone.
 */
export const signedMessageSchema = z.strictObject({
  kind: z.enum(GROUP_MESSAGE_KINDS),
  /** The member's Ed25519 key. */
  keyid: digestSchema,
  /** JSON text as it was signed. */
  payload: z.string().min(2).max(GROUP_LIMITS.messageCharacters),
  /** Ed25519, 64 bytes in hex. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
/** @see signedMessageSchema */
export type SignedMessage = z.infer<typeof signedMessageSchema>;

const DOMAIN = "cryptlet/frost/v1";
const encoder = new TextEncoder();

/** What is signed of a message. */
export const messageBytes = (kind: GroupMessageKind, payload: string): Uint8Array =>
  encoder.encode(`${DOMAIN}\0${kind}\0${payload}`);

/** Sign `content` as this member. Its keys stand in the order in which they were written. */
export const signMessage = (
  kind: GroupMessageKind,
  content: object,
  key: SigningKey,
): SignedMessage => {
  const payload = JSON.stringify(content);
  const signature = bytesToHex(key.sign(messageBytes(kind, payload)));
  return { kind, keyid: key.record.keyid, payload, signature };
};

/** Id of a message: SHA-256 of what is signed. */
export const messageDigest = ({ kind, payload }: SignedMessage): Digest =>
  digestOf(messageBytes(kind, payload));

/** Checking a public key costs more than many signatures; a group's records live as long as the group is used. */
const prepared = new WeakMap<KeyRecord, VerifyingKey>();
const verifyingKey = (record: KeyRecord): VerifyingKey => {
  const known = prepared.get(record);
  if (known) return known;
  const key = createVerifyingKey(record);
  prepared.set(record, key);
  return key;
};

const refuse = (kind: string, reason: string) =>
  fabricError("FROST_MESSAGE_INVALID", { kind, reason: reason.slice(0, 300) });

/** What a signed message is read with. */
export interface MessageReader<Schema extends z.ZodType> {
  readonly kind: GroupMessageKind;
  readonly schema: Schema;
  /** Keys of the members that may have sent it. */
  readonly senders: readonly KeyRecord[];
}

/**
 * Check the signature, then read. Throws `FROST_MESSAGE_INVALID` (form, kind, signature),
 * `FROST_MEMBER_UNKNOWN` (not a key of the group).
 */
export const readMessage = <Schema extends z.ZodType>(
  message: unknown,
  { kind, schema, senders }: MessageReader<Schema>,
): { readonly content: z.output<Schema>; readonly message: SignedMessage } => {
  const outer = signedMessageSchema.safeParse(message);
  if (!outer.success) throw refuse(kind, "it is no signed message");
  const signed = outer.data;
  if (signed.kind !== kind) throw refuse(kind, `it is of kind ${signed.kind}`);
  const sender = senders.find(({ keyid }) => keyid === signed.keyid);
  if (!sender) throw fabricError("FROST_MEMBER_UNKNOWN", { keyid: signed.keyid });
  const key = verifyingKey(sender);
  if (!key.verify(hexToBytes(signed.signature, 64), messageBytes(kind, signed.payload)))
    throw refuse(kind, "its signature does not hold");
  let json: unknown;
  try {
    json = JSON.parse(signed.payload);
  } catch {
    throw refuse(kind, "it is no JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw refuse(kind, z.prettifyError(parsed.error));
  return { content: parsed.data, message: signed };
};
