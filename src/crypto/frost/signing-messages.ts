import { z } from "zod";
import { digestSchema } from "../../core/ids.ts";
import { GROUP_LIMITS } from "./group-limits.ts";
import {
  groupEpochSchema,
  groupNameSchema,
  indexSchema,
  pointSchema,
  wordSchema,
} from "./group-record.ts";
import { type SignedMessage, signedMessageSchema } from "./signed-message.ts";

/** Round 1: one pair of nonce commitments, made before any message is known. Payload of a `commitment` message. */
export const commitmentSchema = z.strictObject({
  group: groupNameSchema,
  epoch: groupEpochSchema,
  /** Of the ceremony: shares of two epochs never mix. */
  transcript: digestSchema,
  index: indexSchema,
  /** 16 bytes in hex; names the pair inside the member's memory. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  hiding: pointSchema,
  binding: pointSchema,
});
/** @see commitmentSchema */
export type NonceCommitment = z.infer<typeof commitmentSchema>;

/** Round 2: a member's part of one signature. Payload of a `share` message. */
export const signatureShareSchema = z.strictObject({
  group: groupNameSchema,
  epoch: groupEpochSchema,
  transcript: digestSchema,
  index: indexSchema,
  /** keccak-256 of the statement's pre-authentication encoding, in hex. */
  message: wordSchema,
  /** Digest of the list of commitments that it was made with. */
  session: digestSchema,
  /** Scalar, 32 bytes in hex. */
  share: wordSchema,
});
/** @see signatureShareSchema */
export type SignatureShare = z.infer<typeof signatureShareSchema>;

/** Commitments of k to n members, in any order; one of each. */
export const commitmentListSchema = z
  .array(signedMessageSchema)
  .min(GROUP_LIMITS.leastThreshold)
  .max(GROUP_LIMITS.members);
/** @see commitmentListSchema */
export type CommitmentList = readonly SignedMessage[];

/** What a group signed: 52 bytes `z || address of R`, as the contract takes it. */
export interface GroupSignature {
  readonly signature: Uint8Array;
  /** Indices of those whose shares were used; nobody can read them from the signature. */
  readonly signers: readonly number[];
}
