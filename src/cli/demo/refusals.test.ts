import { describe, expect, it } from "vitest";

import { createObservation, FIXTURE_TIME } from "../../../test/support/observation-fixture.ts";
import { createSigningKey } from "../../crypto/key-record.ts";
import { buildBundle, type Bundle } from "../../envelope/bundle.ts";
import { signObservation } from "../../envelope/signed-observation.ts";
import { verifyBundle } from "../../envelope/verify-bundle.ts";
import { attemptAttacks, type RefusalTargets } from "./refusals.ts";

const jsonKey = createSigningKey("ed25519");
const chainKey = createSigningKey("secp256k1-keccak256");
const scope = { fabrics: null, cryptlets: null, feeds: null };
const trust = {
  id: "test",
  keys: [jsonKey, chainKey].map(({ record: key }) => ({
    key,
    scope,
    notBefore: null,
    notAfter: null,
  })),
  attested: null,
  threshold: 1,
  requireEvidence: false,
  allowSimulated: false,
  allowEmulated: true,
  maxAgeMs: null,
  clockSkewMs: 60_000,
};

const roundOf = (round: number): { bundle: Bundle; digest: string } => {
  const observation = createObservation({ observedAt: FIXTURE_TIME + round }, { round });
  const signed = signObservation(observation, { json: [jsonKey], onchain: [chainKey] });
  return {
    bundle: buildBundle({ ...signed, keys: [jsonKey.record, chainKey.record] }),
    digest: signed.envelopeDigest,
  };
};

const older = roundOf(7);
const newer = roundOf(8);

const targets = (offer: RefusalTargets["offer"]): RefusalTargets => ({
  older: older.bundle,
  newer: newer.bundle,
  known: {
    round: 8,
    observedAt: FIXTURE_TIME + 8,
    envelopeDigest: newer.digest as RefusalTargets["known"]["envelopeDigest"],
  },
  verify: (bundle, previous) =>
    verifyBundle(bundle, {
      trust,
      at: FIXTURE_TIME + 60_000,
      ...(previous === null ? {} : { previous }),
    }),
  offer,
});

describe("attemptAttacks", () => {
  it("names why the verifier refuses each attack, and asks the contract with the right bytes", async () => {
    const offered: { round: number; length: number }[] = [];
    const refused = [];
    const asked = targets(async (payload, signature) => {
      const round = Buffer.from(payload).readUInt32BE(60);
      offered.push({ round, length: signature.length });
      return "Refused";
    });
    for await (const refusal of attemptAttacks(asked)) refused.push(refusal);
    expect(refused).toEqual([
      { what: "tampered envelope", where: "off chain", code: "SIGNATURE_WRONG" },
      { what: "tampered envelope", where: "on chain", code: "Refused" },
      { what: "unknown signer", where: "off chain", code: "SIGNER_NOT_TRUSTED" },
      { what: "unknown signer", where: "on chain", code: "Refused" },
      { what: "replay of an older round", where: "off chain", code: "OBSERVATION_REPLAYED" },
      { what: "replay of an older round", where: "on chain", code: "Refused" },
    ]);
    expect(offered).toEqual([
      { round: 9, length: 65 },
      { round: 9, length: 65 },
      { round: 7, length: 65 },
    ]);
  });

  it("does not pass over an attack that succeeds", async () => {
    const attacks = attemptAttacks(targets(async () => null));
    await attacks.next();
    await expect(attacks.next()).rejects.toMatchObject({ code: "DEMO_UNEXPECTED" });
  });
});
