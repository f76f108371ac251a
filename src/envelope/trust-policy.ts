import * as z from "zod";
import { cryptletIdSchema, digestSchema, fabricIdSchema, feedIdSchema } from "../core/ids.ts";
import { keyRecordSchema } from "../crypto/key-record.ts";

const time = z.int().min(0).max(253_402_300_799_999);

/** What a key may speak about; null means any. */
export const trustScopeSchema = z.strictObject({
  fabrics: z.array(fabricIdSchema).max(64).nullable(),
  cryptlets: z.array(cryptletIdSchema).max(256).nullable(),
  feeds: z.array(feedIdSchema).max(1_024).nullable(),
});

/** @see trustScopeSchema */
export type TrustScope = z.infer<typeof trustScopeSchema>;

/** A key that the relying party trusts by name. */
export const trustedKeySchema = z.strictObject({
  key: keyRecordSchema,
  scope: trustScopeSchema,
  /** ms since epoch; the statement's `issuedAt` must lie inside. */
  notBefore: time.nullable(),
  notAfter: time.nullable(),
  /** Of a group's key: how many of its members sign together. It counts for so many; for one when left out. */
  threshold: z.int().min(2).max(32).optional(),
});

/** @see trustedKeySchema */
export type TrustedKey = z.infer<typeof trustedKeySchema>;

/**
 * Whom a relying party believes, as data. Nothing is trusted that does not stand here, and an unknown field is an error.
 * A key is trusted by name (`keys`) or because evidence in the bundle binds it to an accepted measurement (`attested`).
 * @example
 * ```ts
 * import { trustPolicySchema } from "cryptlet-fabric/envelope";
 *
 * const trust = trustPolicySchema.parse({
 *   id: "mine", keys: [], attested: null, threshold: 1, requireEvidence: true,
 *   allowSimulated: false, allowEmulated: false, maxAgeMs: 60_000, clockSkewMs: 5_000,
 * });
 * console.log(trust.threshold); // 1
 * ```
 */
export const trustPolicySchema = z.strictObject({
  id: z.string().min(1).max(128),
  keys: z.array(trustedKeySchema).max(256),
  attested: z
    .strictObject({
      scope: trustScopeSchema,
      /** Measurements of the Cryptlets that may sign. */
      measurements: z.array(digestSchema).min(1).max(256),
    })
    .nullable(),
  /** How many distinct trusted keys must have signed each form. */
  threshold: z.int().min(1).max(32),
  /** Refuse a bundle whose evidence was not appraised. */
  requireEvidence: z.boolean(),
  /** Accept evidence under a simulated trust anchor: development only. */
  allowSimulated: z.boolean(),
  /** Accept values of the provider emulator: development only. */
  allowEmulated: z.boolean(),
  /** Greatest age of `observedAt` in ms besides the statement's own `validUntil`; null for no further limit. */
  maxAgeMs: z.int().min(1).nullable(),
  /** How far `observedAt` and `issuedAt` may lie ahead of the verifier's time, ms. */
  clockSkewMs: z.int().min(0).max(86_400_000),
});

/** @see trustPolicySchema */
export type TrustPolicy = z.infer<typeof trustPolicySchema>;
