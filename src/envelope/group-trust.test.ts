import { beforeAll, describe, expect, it } from "vitest";
import {
  ANY_SCOPE,
  bundleBytes,
  createAppraisal,
  createPolicy,
  EVIDENCE,
} from "../../test/support/bundle-fixture.ts";
import { makeGroup, signTogether, type TestGroup } from "../../test/support/group-fixture.ts";
import {
  createObservation,
  FIXTURE_TIME,
  fixtureReceipt,
} from "../../test/support/observation-fixture.ts";
import { encodeBase64 } from "../crypto/base64.ts";
import { aggregateShares } from "../crypto/frost/aggregate-shares.ts";
import { digestOf, keccak256 } from "../crypto/hashes.ts";
import { createSigningKey, type KeyRecord, type SigningKey } from "../crypto/key-record.ts";
import { buildBundle, parseBundle, type Bundle } from "./bundle.ts";
import type { DsseEnvelope } from "./dsse.ts";
import { payloadBytes, preAuthEncoding } from "./dsse.ts";
import { signJsonForm, signOnchainForm } from "./signed-observation.ts";
import { verifyBundle } from "./verify-bundle.ts";
import type { TrustPolicy } from "./trust-policy.ts";

const AT = FIXTURE_TIME + 10_000;
const observation = createObservation();
const { measurement } = observation.cryptlet;
const other = createSigningKey("secp256k1-keccak256");
let group: TestGroup;
let good: Bundle;

/** The tuple under a group's signature, and under the signatures of others if wanted. */
const onchainBy = (signing: TestGroup, indices: readonly number[], keys: readonly SigningKey[]) => {
  const json = signJsonForm(observation, group.keys.slice(0, 2));
  const plain = signOnchainForm(observation, digestOf(json.payload), keys);
  const hash = keccak256(preAuthEncoding(plain.payloadType, payloadBytes(plain)));
  const { session, shares } = signTogether(signing, indices, hash);
  const { signature } = aggregateShares(session, shares);
  const entry = { keyid: signing.statement.key.keyid, sig: encodeBase64(signature) };
  const onchain: DsseEnvelope = { ...plain, signatures: [...plain.signatures, entry] };
  return { envelope: json.envelope, onchain };
};
const bundleBy = (
  signing: TestGroup,
  changes: Partial<Bundle> = {},
  keys: readonly SigningKey[] = [],
): Bundle => ({
  ...buildBundle({
    ...onchainBy(signing, [1, 3], keys),
    keys: [...signing.keys, ...keys].map(({ record }) => record),
    evidence: [EVIDENCE],
    run: fixtureReceipt,
    group: signing.record,
  }),
  ...changes,
});
const attested = (changes: Partial<TrustPolicy> = {}) =>
  createPolicy([], { attested: { scope: ANY_SCOPE, measurements: [measurement] }, ...changes });
const verify = (
  bundle: Bundle,
  trust: TrustPolicy = attested(),
  seen: readonly KeyRecord[] = group.keys.map(({ record }) => record),
) =>
  verifyBundle(bundleBytes(bundle), {
    trust,
    at: AT,
    appraise: () => createAppraisal(seen, measurement, true),
  });

beforeAll(async () => {
  group = await makeGroup(2, 3);
  good = bundleBy(group);
});

describe("a group's signature in a bundle", () => {
  it("is trusted by evidence of its members, and the report says what it proves", async () => {
    const report = await verify(good);
    expect(report).toMatchObject({
      ok: true,
      group: {
        keyid: group.statement.key.keyid,
        record: { group: "gold/xau-usd", epoch: 0, threshold: 2, members: 3, attested: 3 },
        proven: 2,
      },
    });
    const step = report.steps.find((each) => each.step === "onchain-signer");
    expect(step).toMatchObject({ status: "ok", key: group.statement.key.keyid });
    expect((await verify(good, attested({ threshold: 2 }))).ok).toBe(true);
    expect(parseBundle(bundleBytes(good)).group).toEqual(group.record);
  });

  it("asks the appraiser for evidence of all members", async () => {
    const asked: unknown[] = [];
    await verifyBundle(bundleBytes(good), {
      trust: attested(),
      at: AT,
      appraise: ({ members }) => {
        asked.push(members);
        return createAppraisal([], measurement, true);
      },
    });
    expect(asked).toEqual([group.keys.map(({ record }) => record.keyid)]);
  });

  it.each([
    [3, 2, true],
    [2, 1, true],
    [1, 0, false],
    [0, 0, false],
  ])("with evidence of %i of 3 members proves %i", async (count, proven, trusted) => {
    const named = group.keys.map(({ record }) => ({
      key: record,
      scope: ANY_SCOPE,
      notBefore: null,
      notAfter: null,
    }));
    // The JSON form's signers are trusted by name, so that the group alone decides.
    const seen = group.keys.slice(0, count).map(({ record }) => record);
    const report = await verify(good, attested({ keys: named }), seen);
    const step = report.steps.find((each) => each.step === "onchain-signer");
    expect(step?.status).toBe(trusted ? "ok" : "failed");
    if (trusted) expect(report.group?.proven).toBe(proven);
    else expect(report).toMatchObject({ code: "SIGNER_NOT_TRUSTED", group: null });
  });

  it("never counts for more than its threshold", async () => {
    const report = await verify(good, attested({ threshold: 3 }));
    expect(report.code).toBe("THRESHOLD_NOT_MET");
    const all = bundleBy(group, onchainBy(group, [1, 2, 3], []));
    expect((await verify(all)).group?.proven).toBe(2);
  });

  it("is trusted by name too, without a record, for as many as the policy says", async () => {
    const json = group.keys.map(({ record }) => record);
    const bare = bundleBy(group, {
      group: undefined,
      keys: [...json, group.statement.key],
    });
    const named = (threshold?: number) => ({
      ...createPolicy([...json, group.statement.key], { threshold: 2 }),
      keys: createPolicy([...json, group.statement.key]).keys.map((entry) =>
        entry.key.suite === "ed25519" || threshold === undefined ? entry : { ...entry, threshold },
      ),
    });
    expect((await verify(bare, named(2))).group).toMatchObject({ record: null, proven: 2 });
    expect((await verify(bare, named())).code).toBe("THRESHOLD_NOT_MET");
    const scoped = createPolicy(json);
    expect((await verify(bare, scoped)).code).toBe("SIGNER_NOT_TRUSTED");
  });

  it("that is not trusted does not spoil a list beside it", async () => {
    const strange = await makeGroup(2, 2);
    const both = bundleBy(group, {
      ...onchainBy(strange, [1, 2], [other]),
      keys: [...group.keys.map(({ record }) => record), other.record],
      group: strange.record,
    });
    const trust = createPolicy([...group.keys.map(({ record }) => record), other.record]);
    const report = await verify(both, trust, [
      ...group.keys.map(({ record }) => record),
      other.record,
    ]);
    expect(report).toMatchObject({ ok: true, group: null });
    const alone = bundleBy(group, { ...onchainBy(strange, [1, 2], []), group: strange.record });
    expect((await verify(alone, trust)).code).toBe("SIGNER_NOT_TRUSTED");
  });

  it("says nothing by another group's record, nor by one that a member did not confirm", async () => {
    const strange = await makeGroup(2, 3);
    const lent = bundleBy(group, {
      group: strange.record,
      keys: [...group.keys.map(({ record }) => record), group.statement.key],
    });
    const seen = [...group.keys, ...strange.keys].map(({ record }) => record);
    expect((await verify(lent, attested(), seen)).code).toBe("SIGNER_NOT_TRUSTED");
    const { statement, confirmations } = group.record;
    const forged = bundleBy(group, {
      group: {
        statement: statement.replace('"threshold":2', '"threshold":3'),
        confirmations,
      },
    });
    expect((await verify(forged)).code).toBe("FROST_RECORD_INVALID");
  });
});
