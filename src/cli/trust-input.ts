import { z } from "zod";

import { appraisalPolicySchema, type AppraisalPolicy } from "../attestation/appraisal-policy.ts";
import { createEvidenceAppraiser } from "../attestation/evidence-appraiser.ts";
import { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
import { createSimulatedAnchor, simulatedRootSchema } from "../attestation/simulated-anchor.ts";
import type { TrustAnchors } from "../attestation/trust-anchors.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { createKeyRecord, type KeyRecord } from "../crypto/key-record.ts";
import { spkiFromPem } from "../crypto/pem.ts";
import { suiteNames, suiteOf } from "../crypto/suites.ts";
import type { EvidenceAppraiser } from "../envelope/appraiser.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { trustPolicySchema, type TrustPolicy } from "../envelope/trust-policy.ts";
import { readInput } from "./read-input.ts";

/**
 * A trust file: whose envelopes are believed, which evidence, and which simulators beside the vendors' roots. Both
 * policies stand for themselves.
 */
export const trustFileSchema = z.strictObject({
  policy: trustPolicySchema,
  appraisal: appraisalPolicySchema.nullable(),
  /** Development only: no hardware stands behind these roots. */
  insecureSimulatedRoots: z.array(simulatedRootSchema).max(16).default([]),
});
/** @see trustFileSchema */
export type TrustFile = z.infer<typeof trustFileSchema>;

/** What a verification on the command line goes by. */
export interface TrustInput {
  readonly policy: TrustPolicy;
  /** Null: evidence is not judged. */
  readonly appraisal: AppraisalPolicy | null;
  /** The vendors' roots, and the simulators that the trust file names. */
  readonly anchors: TrustAnchors;
}

/** What a trust file means. Throws `CERTIFICATE_INVALID`. */
export const toTrustInput = ({
  policy,
  appraisal,
  insecureSimulatedRoots,
}: TrustFile): TrustInput => ({
  policy,
  appraisal,
  anchors: [...HARDWARE_ANCHORS, ...insecureSimulatedRoots.map(createSimulatedAnchor)],
});

/** Who judges evidence under this trust; null where it is not judged. */
export const appraiserOf = ({ appraisal, anchors }: TrustInput): EvidenceAppraiser | null =>
  appraisal && createEvidenceAppraiser(appraisal, { anchors });

const MAX_TRUST_BYTES = 1_048_576;
const MAX_KEY_BYTES = 4_096;
const KEYID = /^sha256:[0-9a-f]{64}$/;
const ANYTHING = { fabrics: null, cryptlets: null, feeds: null };

/** Nobody is trusted until a flag says so. */
const NOBODY: TrustPolicy = {
  id: "command-line",
  keys: [],
  attested: null,
  threshold: 1,
  requireEvidence: false,
  allowSimulated: false,
  allowEmulated: false,
  maxAgeMs: null,
  clockSkewMs: 60_000,
};

const readTrustFile = async (file: string, signal: AbortSignal): Promise<TrustInput> => {
  const bytes = await readInput(file, { limit: MAX_TRUST_BYTES, signal });
  const json = parseStrictJson(bytes, { limit: MAX_TRUST_BYTES, what: file });
  const parsed = trustFileSchema.safeParse(json);
  if (parsed.success) return toTrustInput(parsed.data);
  const reason = z.prettifyError(parsed.error);
  throw fabricError("FILE_INVALID", { file, what: "a trust policy", reason });
};

/** The key of an SPKI PEM file, by the first suite that it belongs to: for secp256k1 the one that contracts check. */
const readPem = async (file: string, signal: AbortSignal): Promise<KeyRecord> => {
  const bytes = await readInput(file, { limit: MAX_KEY_BYTES, signal });
  const spki = spkiFromPem(bytes.toString("utf8"));
  for (const name of suiteNames) {
    try {
      return createKeyRecord(name, suiteOf(name).importSpki(spki));
    } catch (error) {
      if (!isFabricError(error)) throw error;
    }
  }
  throw fabricError("FILE_INVALID", {
    file,
    what: "a public key",
    reason: `none of ${suiteNames.join(", ")} reads it`,
  });
};

/** A keyid is the digest of the key, so that the key itself may come from the bundle. */
const readKey = async (
  given: string,
  carried: readonly KeyRecord[],
  signal: AbortSignal,
): Promise<KeyRecord | null> =>
  KEYID.test(given)
    ? (carried.find(({ keyid }) => keyid === given) ?? null)
    : readPem(given, signal);

/**
 * Put together whom the user believes: the trust file, then keys by name, then what the insecure flags allow.
 * A keyid that the bundle does not carry adds nothing.
 * Throws `FILE_UNREADABLE`, `FILE_INVALID`, `JSON_MALFORMED`, `PEM_INVALID`.
 */
export const readTrust = async (options: {
  readonly file: string | undefined;
  /** PEM files or keyids. */
  readonly keys: readonly string[];
  /** Keys that the bundle carries. */
  readonly carried: readonly KeyRecord[];
  readonly allowSimulated: boolean;
  readonly allowEmulated: boolean;
  readonly signal: AbortSignal;
}): Promise<TrustInput> => {
  const { file, keys, carried, allowSimulated, allowEmulated, signal } = options;
  const base =
    file === undefined
      ? { policy: NOBODY, appraisal: null, anchors: HARDWARE_ANCHORS }
      : await readTrustFile(file, signal);
  const named = await Promise.all(keys.map((key) => readKey(key, carried, signal)));
  const trusted = named
    .filter((key) => key !== null)
    .map((key) => ({ key, scope: ANYTHING, notBefore: null, notAfter: null }));
  return {
    policy: {
      ...base.policy,
      keys: [...base.policy.keys, ...trusted],
      allowSimulated: base.policy.allowSimulated || allowSimulated,
      allowEmulated: base.policy.allowEmulated || allowEmulated,
    },
    anchors: base.anchors,
    appraisal: base.appraisal && {
      ...base.appraisal,
      allowSimulated: base.appraisal.allowSimulated || allowSimulated,
    },
  };
};
