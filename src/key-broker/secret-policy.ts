import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema, type Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const name = (what: string) =>
  z
    .string()
    .regex(NAME, `${what}: lower-case letters, digits and inner hyphens, 1 to 64 characters`);

/** Name of a secret in the vault. */
export const secretNameSchema = name("secret");
/** Name of a host as the broker's configuration gives it. */
export const hostNameSchema = name("host");
/** Name of an appraisal policy of the broker's configuration. */
export const policyNameSchema = name("policy");

/**
 * Who gets a secret, as data. Default deny: every field that stands here must hold, an unknown one is an error, and the
 * code must be named by measurement or by publisher, because anybody can write a Cryptlet of any id.
 */
export const secretPolicySchema = z
  .strictObject({
    /** Appraisal policy that the evidence must pass, by its name in the broker's configuration. */
    appraisal: policyNameSchema,
    cryptlets: z.array(cryptletIdSchema).min(1).max(64),
    measurements: z.array(digestSchema).min(1).max(64).optional(),
    /** MRSIGNER of the packages' publishers, lower-case hex. */
    publishers: z
      .array(z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex characters"))
      .min(1)
      .max(64)
      .optional(),
    hosts: z.array(hostNameSchema).min(1).max(64),
    /** UTC; after it nobody gets the secret. */
    notAfter: z.iso.datetime(),
  })
  .refine(
    ({ measurements, publishers }) => measurements !== undefined || publishers !== undefined,
    "names no code: give measurements, publishers or both",
  );
/** @see secretPolicySchema */
export type SecretPolicy = z.infer<typeof secretPolicySchema>;

/** Read a policy that came from outside. Throws `CONFIG_INVALID`. */
export const parseSecretPolicy = (input: unknown): SecretPolicy => {
  const parsed = secretPolicySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw fabricError("CONFIG_INVALID", {
    count: parsed.error.issues.length,
    faults: z.prettifyError(parsed.error).slice(0, 4_000),
  });
};

/** SHA-256 of a policy's canonical JSON. */
export const secretPolicyDigest = (policy: SecretPolicy): Digest =>
  digestOf(new TextEncoder().encode(canonicalJson(policy)));

/** Who asks for a secret, as far as it was established. */
export interface SecretClaim {
  readonly host: string;
  readonly cryptlet: string;
  readonly measurement: string;
  readonly publisher: string | null;
  /** ms since epoch. */
  readonly at: number;
}

/** Why this claim does not get the secret, for the audit log; null when it does. */
export const judgeClaim = (policy: SecretPolicy, claim: SecretClaim): string | null => {
  const { cryptlets, measurements, publishers, hosts, notAfter } = policy;
  if (claim.at > Date.parse(notAfter)) return "expired";
  if (!hosts.includes(claim.host)) return "host";
  if (!cryptlets.some((id) => id === claim.cryptlet)) return "cryptlet";
  if (measurements && !measurements.some((one) => one === claim.measurement)) return "measurement";
  if (publishers && (claim.publisher === null || !publishers.includes(claim.publisher)))
    return "publisher";
  return null;
};
