import { randomBytes } from "node:crypto";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import type { Attester, AttestationRequest } from "../../src/attestation/attester.ts";
import { serializeEvidence } from "../../src/attestation/evidence-document.ts";
import { createPolicyWorkloadAppraiser } from "../../src/attestation/policy-workload-appraiser.ts";
import type { WorkloadAppraiser } from "../../src/attestation/workload-appraiser.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { createDocumentFixture, HOUR_MS } from "./document-fixture.ts";

/** A simulated platform with one workload on it, whose evidence a test can bend. */
export interface AttestedFixture {
  readonly attester: Attester;
  readonly measurement: Digest;
  /** Raw X25519 secret key whose public half every evidence binds. */
  readonly encryptionSecret: Uint8Array;
  /** Accepts this platform and this workload unless changed. */
  appraiser(change?: Partial<AppraisalPolicyInput>): WorkloadAppraiser;
  /** Evidence as asked, at another time or with debug set. */
  evidence(
    request: AttestationRequest,
    change?: { readonly notBefore?: number; readonly debug?: boolean },
  ): Evidence;
}

export const createAttestedFixture = (
  clock: Clock,
  options: { readonly cryptlet?: string } = {},
): AttestedFixture => {
  const encryptionSecret = generateX25519();
  const { anchor, document, measurement } = createDocumentFixture({
    at: clock.now(),
    cryptlet: options.cryptlet ?? "crm-record",
    code: randomBytes(32).toString("hex"),
    seed: randomBytes(1)[0] ?? 0,
    encryptionKey: bytesToHex(x25519PublicKey(encryptionSecret)),
  });
  const evidence: AttestedFixture["evidence"] = (request, change = {}) =>
    serializeEvidence(document({ notBefore: clock.now(), ...request, ...change }));
  return {
    measurement,
    encryptionSecret,
    evidence,
    attester: {
      attest: async (request) => ({
        evidence: evidence(request),
        notAfter: clock.now() + HOUR_MS,
      }),
    },
    appraiser: (change = {}) =>
      createPolicyWorkloadAppraiser(
        {
          id: "fixture",
          allowSimulated: true,
          tees: ["sgx"],
          anyOf: [{ measurements: [measurement] }],
          ...change,
        },
        { anchors: [anchor] },
      ),
  };
};
