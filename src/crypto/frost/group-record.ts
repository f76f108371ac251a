import * as z from "zod";
import { digestSchema } from "../../core/ids.ts";
import { keyRecordSchema } from "../key-record.ts";
import { GROUP_LIMITS } from "./group-limits.ts";
import { signedMessageSchema } from "./signed-message.ts";

/** Compressed secp256k1 point, 33 bytes in lower-case hex. */
export const pointSchema = z.string().regex(/^0[23][0-9a-f]{64}$/, "a compressed point in hex");
/** 32 bytes in lower-case hex. */
export const wordSchema = z.string().regex(/^[0-9a-f]{64}$/, "32 bytes in hex");
/** Name of a group: a feed or a set of feeds, unique in its fabric. */
export const groupNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._/-]{0,126}[a-z0-9])?$/, "a group's name");
/** Number of a member, from 1: its x coordinate. */
export const indexSchema = z.int().min(1).max(GROUP_LIMITS.members);
export const groupEpochSchema = z.int().min(0).max(GROUP_LIMITS.epochs);
export const thresholdSchema = z.int().min(GROUP_LIMITS.leastThreshold).max(GROUP_LIMITS.members);

/** One member as everybody knows it. */
export const groupMemberSchema = z.strictObject({
  index: indexSchema,
  /** The member's attested Ed25519 key. */
  key: keyRecordSchema,
  /** Its share times the generator: what its signature shares are checked with. */
  verifyingShare: pointSchema,
});

/** What every member of a group says about it, word for word the same. */
export const groupStatementSchema = z.strictObject({
  format: z.literal("cryptlet-group/v1"),
  group: groupNameSchema,
  /** 0 after key generation, one more after each resharing. */
  epoch: groupEpochSchema,
  /** k: so many shares make a signature. */
  threshold: thresholdSchema,
  /** n members by ascending index. */
  members: z.array(groupMemberSchema).min(2).max(GROUP_LIMITS.members),
  /** Suite `schnorr-secp256k1-keccak256`; the same in every epoch. */
  key: keyRecordSchema,
  /** Digest over the plan and every message of the ceremony, in a fixed order. */
  transcript: digestSchema,
  /** Transcript of the epoch before; null for key generation. */
  previous: digestSchema.nullable(),
});
/** @see groupStatementSchema */
export type GroupStatement = z.infer<typeof groupStatementSchema>;

/**
 * A group, and each of its n members' signature over the very same words (a signed message of kind `confirm` each).
 * Proves itself, given that the members' keys are attested.
 */
export const groupRecordSchema = z.strictObject({
  /** JSON text of the statement as it was signed. */
  statement: z.string().min(2).max(GROUP_LIMITS.messageCharacters),
  confirmations: z
    .array(signedMessageSchema.pick({ keyid: true, signature: true }))
    .min(2)
    .max(GROUP_LIMITS.members),
});
/** @see groupRecordSchema */
export type GroupRecord = z.infer<typeof groupRecordSchema>;
