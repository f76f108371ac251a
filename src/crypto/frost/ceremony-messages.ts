import { z } from "zod";
import { digestSchema } from "../../core/ids.ts";
import { GROUP_LIMITS } from "./group-limits.ts";
import { indexSchema, pointSchema, wordSchema } from "./group-record.ts";

const members = GROUP_LIMITS.members;

/** Step 0. One fresh X25519 key per dealer: to show what one dealer sent shows nothing of another. */
export const joinSchema = z.strictObject({
  ceremony: digestSchema,
  /** Own index among the new members; null for a dealer that leaves. */
  index: indexSchema.nullable(),
  channels: z.array(z.strictObject({ dealer: indexSchema, key: wordSchema })).max(members),
});
/** @see joinSchema */
export type JoinContent = z.infer<typeof joinSchema>;

const ciphertext = z.string().regex(/^[0-9a-f]{96}$/, "32 bytes and a tag in hex");

/** Step 1. */
export const dealSchema = z.strictObject({
  ceremony: digestSchema,
  dealer: indexSchema,
  /** Digest of the `join` messages that it was made for. */
  joins: digestSchema,
  commitment: z.array(pointSchema).min(GROUP_LIMITS.leastThreshold).max(members),
  proof: z.string().regex(/^[0-9a-f]{130}$/, "65 bytes in hex"),
  /** HPKE to the channel of each new member. */
  shares: z
    .array(z.strictObject({ to: indexSchema, enc: wordSchema, ciphertext }))
    .min(GROUP_LIMITS.leastThreshold)
    .max(members),
});
/** @see dealSchema */
export type DealContent = z.infer<typeof dealSchema>;

/** Step 2, instead of a confirmation: opens what the accused dealers sent, for all to see. */
export const complaintSchema = z.strictObject({
  ceremony: digestSchema,
  index: indexSchema,
  complaints: z
    .array(
      z.strictObject({
        dealer: indexSchema,
        /** Digest of the accused message. */
        deal: digestSchema,
        /** Secret key of the channel that this dealer alone sent to. */
        secret: wordSchema,
      }),
    )
    .min(1)
    .max(members),
});
/** @see complaintSchema */
export type ComplaintContent = z.infer<typeof complaintSchema>;
