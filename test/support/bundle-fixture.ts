import type { Digest } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { createSigningKey, type KeyRecord, type SigningKey } from "../../src/crypto/key-record.ts";
import { buildBundle, serializeBundle, type Bundle } from "../../src/envelope/bundle.ts";
import type { Appraisal } from "../../src/envelope/appraiser.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { signJsonForm, signOnchainForm } from "../../src/envelope/signed-observation.ts";
import { trustPolicySchema, type TrustPolicy } from "../../src/envelope/trust-policy.ts";
import { createObservation, fixtureReceipt } from "./observation-fixture.ts";

/** Keys of one enclave. */
export interface KeyPair {
  readonly json: SigningKey;
  readonly onchain: SigningKey;
}

export const createKeyPair = (): KeyPair => ({
  json: createSigningKey("ed25519"),
  onchain: createSigningKey("secp256k1-keccak256"),
});

export const ANY_SCOPE = { fabrics: null, cryptlets: null, feeds: null } as const;

/** Trust in these keys for everything, emulated sources and simulated enclaves allowed. */
export const createPolicy = (
  keys: readonly KeyRecord[],
  changes: Partial<Record<keyof TrustPolicy, unknown>> = {},
): TrustPolicy =>
  trustPolicySchema.parse({
    id: "test",
    keys: keys.map((key) => ({ key, scope: ANY_SCOPE, notBefore: null, notAfter: null })),
    attested: null,
    threshold: 1,
    requireEvidence: false,
    allowSimulated: true,
    allowEmulated: true,
    maxAgeMs: null,
    clockSkewMs: 5_000,
    ...changes,
  });

/** Sign without the checks of `signObservation`, so that a test can make what no enclave would. */
export const createBundle = (
  pair: KeyPair,
  observation: Observation = createObservation(),
  changes: Partial<Bundle> = {},
): Bundle => {
  const json = signJsonForm(observation, [pair.json]);
  const onchain =
    observation.value.kind === "decimal"
      ? signOnchainForm(observation, digestOf(json.payload), [pair.onchain])
      : null;
  const keys = [pair.json.record, pair.onchain.record];
  const run = fixtureReceipt;
  return { ...buildBundle({ envelope: json.envelope, onchain, keys, run }), ...changes };
};

export const bundleBytes = (bundle: Bundle): Uint8Array =>
  new TextEncoder().encode(serializeBundle(bundle));

export const EVIDENCE = { type: "application/x-test-evidence", body: "eA==" };

/** What an appraiser answers that accepted evidence for these keys. */
export const createAppraisal = (
  keys: readonly KeyRecord[],
  measurement: Digest,
  simulated: boolean,
): Appraisal => ({
  ok: true,
  simulated,
  measurement,
  keyids: keys.map(({ keyid }) => keyid),
  policy: "appraisal-test",
  detail: "test evidence",
});
