import { expect, test } from "vitest";
import { createEvidenceFixture, EVIDENCE_AT } from "../../test/support/appraisal-fixture.ts";
import { createPlatformFixture } from "../../test/support/simulated-platform-fixture.ts";
import { encodeBase64 } from "../crypto/base64.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { AppraisalPolicyInput } from "./appraisal-policy.ts";
import type { CollateralSource } from "./collateral/collateral-source.ts";
import { createEvidenceAppraiser } from "./evidence-appraiser.ts";
import { parseEvidenceDocument, serializeEvidence } from "./evidence-document.ts";
import { createPolicyWorkloadAppraiser } from "./policy-workload-appraiser.ts";

const fixture = createEvidenceFixture();
const { anchors } = fixture;
const ask = (
  evidence: readonly Evidence[],
  policy: AppraisalPolicyInput = fixture.policy(),
  change: { at?: number; collateral?: CollateralSource } = {},
) => {
  const { at = EVIDENCE_AT, ...options } = change;
  return createEvidenceAppraiser(policy, { anchors, ...options })({ evidence, keys: [], at });
};
const NOTHING = createSigningKey("ed25519").record;

test("evidence leads to the keys that it binds", async () => {
  const appraisal = await ask([await fixture.evidence("sgx")]);
  expect(appraisal).toMatchObject({
    ok: true,
    simulated: true,
    measurement: fixture.cryptlet,
    keyids: fixture.keyids,
    policy: "fixture",
  });
});

test("no piece, a piece that binds no keys, and a refused piece lead nowhere", async () => {
  const { quote, platform } = createPlatformFixture();
  const plain: Evidence = {
    type: "application/vnd.intel.sgx.quote.v3",
    body: encodeBase64(quote("sgx")),
  };
  const source: CollateralSource = {
    fetch: () => Promise.resolve(platform.collateral("sgx", EVIDENCE_AT)),
  };
  const policy = fixture.policy({ anyOf: [{ measurements: ["01".repeat(32)] }] });
  const cases: readonly [unknown, string][] = [
    [await ask([]), "EVIDENCE_MISSING"],
    [await ask([plain], policy, { collateral: source }), "EVIDENCE_MISSING"],
    [await ask([plain], policy), "COLLATERAL_MISSING"],
    [await ask([await fixture.evidence("sgx", { purpose: "ra-tls" })]), "EVIDENCE_PURPOSE_WRONG"],
    [await ask([await fixture.evidence("sgx", { debug: true })]), "EVIDENCE_DEBUG"],
    [
      await ask([await fixture.evidence("sgx")], fixture.policy({ allowSimulated: false })),
      "EVIDENCE_SIMULATED",
    ],
  ];
  for (const [appraisal, code] of cases) expect(appraisal).toMatchObject({ ok: false, code });
});

test("a refused piece beside a good one does no harm, and lends it no keys", async () => {
  const good = await fixture.evidence("sgx");
  const other = await createEvidenceFixture(9).evidence("sgx");
  for (const evidence of [
    [good, other],
    [other, good],
  ])
    expect(await ask(evidence)).toMatchObject({ ok: true, keyids: fixture.keyids });
});

test("among several that pass, the one that binds the bundle's keys is taken", async () => {
  const second = createEvidenceFixture(9);
  const pieces = [await fixture.evidence("sgx"), await second.evidence("sgx")];
  const keys = parseEvidenceDocument(pieces[1] ?? { type: "", body: "" }).keys;
  const appraise = createEvidenceAppraiser(fixture.policy(), {
    anchors: [...anchors, ...second.anchors],
  });
  expect(await appraise({ evidence: pieces, keys, at: EVIDENCE_AT })).toMatchObject({
    ok: true,
    keyids: second.keyids,
  });
  expect(await appraise({ evidence: pieces, keys: [NOTHING], at: EVIDENCE_AT })).toMatchObject({
    keyids: fixture.keyids,
  });
});

test("two pieces of one kind of platform are no quorum of two; of two vendors they are", async () => {
  const sgx = await fixture.evidence("sgx");
  const again = await fixture.evidence("sgx", { nonce: "01".repeat(32) });
  const nitro = await fixture.evidence("nitro-host");
  const policy = (quorum: AppraisalPolicyInput["quorum"]) =>
    fixture.policy({
      tees: ["sgx", "nitro"],
      anyOf: [{ measurements: [fixture.cryptlet, "01".repeat(48)] }],
      ...(quorum && { quorum }),
    });
  const missing = { ok: false, code: "QUORUM_NOT_MET" };
  const met = { ok: true, keyids: fixture.keyids };
  for (const quorum of [{ n: 2 }, { n: 2, distinctTeeVendors: true }]) {
    expect(await ask([sgx, again], policy(quorum))).toMatchObject(missing);
    expect(await ask([sgx, nitro], policy(quorum))).toMatchObject(met);
  }
  const vendors = { n: 1, distinctTeeVendors: 2 };
  expect(await ask([nitro], policy(vendors))).toMatchObject(missing);
  expect(await ask([nitro, sgx], policy(vendors))).toMatchObject(met);
  expect(await ask([nitro, sgx], policy({ n: 2, distinctTeeVendors: 3 }))).toMatchObject(missing);
  expect(await ask([nitro], policy({ n: 1 }))).toMatchObject(met);
});

test("a quorum counts no piece of an enclave that signed nothing", async () => {
  const elsewhere = createEvidenceFixture(9);
  const pieces = [await fixture.evidence("sgx"), await elsewhere.evidence("nitro-host")];
  const policy = fixture.policy({
    tees: ["sgx", "nitro"],
    anyOf: [{ measurements: [fixture.cryptlet, "01".repeat(48)] }],
    quorum: { n: 2 },
  });
  const appraise = createEvidenceAppraiser(policy, {
    anchors: [...anchors, ...elsewhere.anchors],
  });
  const keys = pieces.flatMap((piece) => parseEvidenceDocument(piece).keys);
  const asked = { evidence: pieces, keys, at: EVIDENCE_AT };
  const [one = "", other = ""] = [fixture.keyids[0], elsewhere.keyids[0]];
  // The other one's evidence is public: whoever signs alone can carry it.
  for (const signers of [[], [one], [other], [NOTHING.keyid]])
    expect(await appraise({ ...asked, signers })).toMatchObject({
      ok: false,
      code: "QUORUM_NOT_MET",
    });
  expect(await appraise({ ...asked, signers: [one, other] })).toMatchObject({ ok: true });
});

test("collateral is fetched for documents without any, and only for those", async () => {
  const evidence = await fixture.evidence("sgx");
  const document = parseEvidenceDocument(evidence);
  const bare = serializeEvidence({ ...document, collateral: null });
  let asked = 0;
  const source: CollateralSource = {
    fetch: () => {
      asked++;
      return Promise.resolve(document.collateral);
    },
  };
  expect(await ask([bare])).toMatchObject({ ok: false, code: "COLLATERAL_MISSING" });
  expect(await ask([bare], fixture.policy(), { collateral: source })).toMatchObject({ ok: true });
  expect(await ask([evidence], fixture.policy(), { collateral: source })).toMatchObject({
    ok: true,
  });
  expect(asked).toBe(1);
});

test("a policy that is none is refused before any evidence comes", () => {
  const broken: AppraisalPolicyInput = { ...fixture.policy(), anyOf: [] };
  for (const create of [createEvidenceAppraiser, createPolicyWorkloadAppraiser])
    expect(() => create(broken, { anchors })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
});

test("a workload comes with what it bound, and what is not accepted is thrown", async () => {
  const appraiser = createPolicyWorkloadAppraiser(fixture.policy(), { anchors });
  const nonce = "5a".repeat(32);
  const evidence = await fixture.evidence("sgx", { purpose: "kbs", nonce });
  const task = { purpose: "kbs" as const, nonce, at: EVIDENCE_AT };
  expect(await appraiser.appraise(evidence, task)).toMatchObject({
    simulated: true,
    debug: false,
    measurement: fixture.cryptlet,
    publisher: "5e".repeat(32),
    policy: "fixture",
    registration: { purpose: "kbs", cryptlet: "gold-price", nonce },
  });
  const wrong: readonly [Partial<typeof task> | { purpose: "ra-tls" }, string][] = [
    [{ purpose: "ra-tls" }, "EVIDENCE_PURPOSE_WRONG"],
    [{ nonce: "a5".repeat(32) }, "EVIDENCE_NONCE_WRONG"],
  ];
  for (const [change, code] of wrong)
    await expect(appraiser.appraise(evidence, { ...task, ...change })).rejects.toMatchObject({
      code,
    });
  const quorum = createPolicyWorkloadAppraiser(fixture.policy({ quorum: { n: 2 } }), { anchors });
  await expect(quorum.appraise(evidence, task)).rejects.toMatchObject({ code: "QUORUM_NOT_MET" });
  const late = { ...task, at: EVIDENCE_AT + 366 * 86_400_000 };
  await expect(appraiser.appraise(evidence, late)).rejects.toMatchObject({ kind: "verification" });
});
