import fc from "fast-check";
import { expect, test } from "vitest";
import { createEvidenceFixture, EVIDENCE_AT } from "../../test/support/appraisal-fixture.ts";
import { createPlatformFixture } from "../../test/support/simulated-platform-fixture.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { AppraisalPolicyInput } from "./appraisal-policy.ts";
import { appraise, appraiseOne, type AppraiseOptions } from "./appraise.ts";
import type { AttestationResult } from "./attestation-result.ts";
import { HARDWARE_ANCHORS } from "./hardware-anchors.ts";
import { tierOf } from "./trust-vector.ts";

const fixture = createEvidenceFixture();
const options = (change: Partial<AppraiseOptions> = {}): AppraiseOptions => ({
  policy: fixture.policy(),
  anchors: fixture.anchors,
  collateral: null,
  at: EVIDENCE_AT,
  ...change,
});
const refusals = ({ reasons }: AttestationResult): readonly (string | null)[] =>
  reasons.filter(({ weight }) => weight === "refused").map(({ code }) => code);
const judge = (evidence: Evidence, change: Partial<AppraiseOptions> = {}) =>
  appraise(evidence, options(change));

test("a document is accepted with its keys, as a warning and no more", async () => {
  const evidence = await fixture.evidence("sgx");
  const { result, verified, refusal } = appraiseOne(evidence, options());
  expect(refusal).toBeNull();
  expect(result).toMatchObject({
    ok: true,
    tee: "sgx",
    simulated: true,
    tcbStatus: "UpToDate",
    measurement: fixture.cryptlet.slice("sha256:".length),
    policy: { id: "fixture" },
  });
  expect(verified?.bound?.keys.map(({ keyid }) => keyid)).toEqual(fixture.keyids);
  for (const value of Object.values(result.trustVector))
    expect(["none", "warning"]).toContain(tierOf(value));
});

test("simulation is a matter of the anchor and needs a policy that says so", async () => {
  const evidence = await fixture.evidence("sgx");
  const silent: AppraisalPolicyInput = { ...fixture.policy(), allowSimulated: false };
  for (const policy of [silent, null])
    expect(refusals(judge(evidence, { policy }))).toEqual(["EVIDENCE_SIMULATED"]);
  expect(refusals(judge(evidence, { anchors: HARDWARE_ANCHORS }))).toEqual([
    "CERTIFICATE_ROOT_UNKNOWN",
  ]);
  // A simulator's root that somebody calls hardware: its quotes name the simulator and are refused.
  const lying = fixture.anchors.map((anchor) => ({ ...anchor, simulated: false }));
  expect(refusals(judge(evidence, { anchors: lying }))).toEqual(["QUOTE_VENDOR_REFUSED"]);
});

test("names of platforms and advisories are denied in whatever case the vendor or the policy writes them", async () => {
  const evidence = await fixture.evidence("sgx");
  const { verified } = appraiseOne(evidence, options());
  const { platform = "" } = verified?.claims ?? {};
  for (const name of [platform.toLowerCase(), platform.toUpperCase()]) {
    const deny = judge(evidence, { policy: { ...fixture.policy(), platforms: { deny: [name] } } });
    expect(refusals(deny)).toEqual(["PLATFORM_REFUSED"]);
    expect(tierOf(deny.trustVector["instance-identity"])).toBe("contraindicated");
    const allow = { ...fixture.policy(), platforms: { allow: [name] } };
    expect(refusals(judge(evidence, { policy: allow }))).toEqual([]);
  }
  const levels = [
    {
      svn: 0,
      status: "OutOfDate",
      date: "2025-01-01T00:00:00Z",
      advisories: ["SIM-SA-00001"],
    },
  ] as const;
  const collateral = createPlatformFixture({ seed: 7 }).platform.collateral("sgx", EVIDENCE_AT, {
    levels,
  });
  for (const name of ["SIM-SA-00001", "sim-sa-00001"]) {
    const tcb = { accept: ["OutOfDate" as const], denyAdvisories: [name] };
    expect(refusals(judge(evidence, { collateral, policy: { ...fixture.policy(), tcb } }))).toEqual(
      ["ADVISORY_REFUSED"],
    );
  }
});

test("every refusal is told, not the first alone", async () => {
  const evidence = await fixture.evidence("sgx", { debug: true });
  const policy: AppraisalPolicyInput = {
    id: "nothing",
    tees: ["nitro"],
    anyOf: [{ measurements: ["aa".repeat(32)] }],
    tcb: { minTcbEval: 0xffff_ffff },
    platforms: { allow: ["elsewhere"] },
    freshness: { mode: "nonce", maxAgeSec: 60 },
  };
  const result = judge(evidence, { policy });
  expect(refusals(result)).toEqual([
    "EVIDENCE_SIMULATED",
    "EVIDENCE_DEBUG",
    "TEE_REFUSED",
    "PLATFORM_REFUSED",
    "TCB_REFUSED",
    "MEASUREMENT_REFUSED",
    "EVIDENCE_NOT_FRESH",
  ]);
  expect(tierOf(result.trustVector.configuration)).toBe("contraindicated");
  expect(tierOf(result.trustVector.executables)).toBe("contraindicated");
});

test("purpose: evidence for TLS signs nothing, evidence of a host is of no Cryptlet", async () => {
  const tls = await fixture.evidence("sgx", { purpose: "ra-tls" });
  expect(refusals(judge(tls))).toEqual(["EVIDENCE_PURPOSE_WRONG"]);
  expect(judge(tls, { purpose: "ra-tls" }).ok).toBe(true);
  const register = await fixture.evidence("sgx");
  for (const purpose of ["ra-tls", "kbs", "host-ak"] as const)
    expect(refusals(judge(register, { purpose }))).toEqual(["EVIDENCE_PURPOSE_WRONG"]);
});

test("nonce: a replay under another nonce, none, or a part of one is refused", async () => {
  const nonce = "5a".repeat(32);
  const evidence = await fixture.evidence("sgx", { nonce });
  expect(judge(evidence, { nonce }).ok).toBe(true);
  expect(judge(evidence, { nonce: nonce.toUpperCase() }).ok).toBe(true);
  for (const wrong of ["a5".repeat(32), nonce.slice(0, 62), `${nonce}00`, "", "00".repeat(32)])
    expect(refusals(judge(evidence, { nonce: wrong }))).toEqual(["EVIDENCE_NONCE_WRONG"]);
  // Nobody asked: its nonce is zeros, and zeros are no nonce.
  const unasked = await fixture.evidence("sgx");
  expect(refusals(judge(unasked, { nonce: "00".repeat(32) }))).toEqual(["EVIDENCE_NONCE_WRONG"]);
});

test("freshness: by epoch it ends with the age that the policy says", async () => {
  const policy = fixture.policy({ freshness: { mode: "epoch", maxAgeSec: 3_600 } });
  const evidence = await fixture.evidence("sgx");
  expect(judge(evidence, { policy, at: EVIDENCE_AT + 3_600_000 }).ok).toBe(true);
  const late = judge(evidence, { policy, at: EVIDENCE_AT + 3_602_000 });
  expect(refusals(late)).toEqual(["EVIDENCE_NOT_FRESH"]);
  // A plain quote binds no time.
  const { quote, anchor, platform } = createPlatformFixture();
  const plain = appraise(
    { tee: "sgx", bytes: quote("sgx") },
    options({
      anchors: [anchor],
      collateral: platform.collateral("sgx", EVIDENCE_AT),
      policy: { ...policy, anyOf: [{ measurements: ["01".repeat(32)] }] },
    }),
  );
  expect(refusals(plain)).toEqual(["EVIDENCE_NOT_FRESH"]);
});

test("a plain quote's nonce is its report data, to the last byte", () => {
  const { quote, anchor, platform } = createPlatformFixture();
  const plain = (nonce: string) =>
    appraise(
      { tee: "sgx", bytes: quote("sgx") },
      options({
        anchors: [anchor],
        collateral: platform.collateral("sgx", EVIDENCE_AT),
        policy: fixture.policy({ anyOf: [{ measurements: ["01".repeat(32)] }] }),
        nonce,
      }),
    );
  expect(plain("09".repeat(64)).ok).toBe(true);
  expect(refusals(plain("09".repeat(63)))).toEqual(["EVIDENCE_NONCE_WRONG"]);
});

test("layer 1 needs the host's code to be accepted as well", async () => {
  const evidence = await fixture.evidence("sgx-host");
  expect(refusals(judge(evidence))).toEqual(["MEASUREMENT_REFUSED"]);
  const only = fixture.policy({ anyOf: [{ measurements: [fixture.host] }] });
  expect(refusals(judge(evidence, { policy: only }))).toEqual(["MEASUREMENT_REFUSED"]);
  const both = fixture.policy({ anyOf: [{ measurements: [fixture.cryptlet, fixture.host] }] });
  expect(judge(evidence, { policy: both }).ok).toBe(true);
});

test("on Nitro the image that holds the host must be accepted", async () => {
  const evidence = await fixture.evidence("nitro-host");
  const pcr0 = "01".repeat(48);
  const policy = (change: Partial<AppraisalPolicyInput>) =>
    fixture.policy({ tees: ["nitro"], ...change });
  const without = judge(evidence, { policy: policy({}) });
  expect(refusals(without)).toEqual(["MEASUREMENT_REFUSED"]);
  const withImage = policy({ anyOf: [{ measurements: [fixture.cryptlet, pcr0] }] });
  expect(judge(evidence, { policy: withImage }).ok).toBe(true);
  // A map of the image's registers alone lets no Cryptlet through.
  const byMap = policy({ anyOf: [{ measurements: { pcr0 } }] });
  expect(refusals(judge(evidence, { policy: byMap }))).toEqual(["MEASUREMENT_REFUSED"]);
});

test("a trust domain's image must be accepted beside what it measured", async () => {
  const evidence = await fixture.evidence("tdx");
  const policy = fixture.policy({ tees: ["tdx"] });
  const result = judge(evidence, { policy });
  // Whoever runs in the domain writes RTMR3: without its image nothing follows from that.
  expect(refusals(result)).toEqual(["MEASUREMENT_REFUSED"]);
  const mrtd = result.claims?.registers["mrtd"] ?? "";
  const withImage = fixture.policy({
    tees: ["tdx"],
    anyOf: [{ measurements: [fixture.cryptlet, mrtd] }],
  });
  // The simulated domain has no image: zeros, which match nothing.
  expect(judge(evidence, { policy: withImage }).ok).toBe(!/^0+$/.test(mrtd));
});

test("signer, product, version and configuration are asked beside the measurement", async () => {
  const evidence = await fixture.evidence("sgx");
  const measurements = [fixture.cryptlet];
  const good = {
    measurements,
    signer: "5E".repeat(32),
    prodId: 4,
    minSvn: 5,
    configId: "cd".repeat(32),
  };
  const one = (entry: AppraisalPolicyInput["anyOf"][number]) =>
    judge(evidence, { policy: fixture.policy({ anyOf: [entry] }) });
  expect(one(good).ok).toBe(true);
  expect(one({ ...good, measurements: { mrenclave: fixture.cryptlet.slice(7) } }).ok).toBe(true);
  for (const wrong of [
    { signer: "aa".repeat(32) },
    { prodId: 5 },
    { minSvn: 6 },
    { configId: "ce".repeat(32) },
  ])
    expect(refusals(one({ ...good, ...wrong }))).toEqual(["WORKLOAD_REFUSED"]);
  const registers = { mrenclave: fixture.cryptlet.slice(7), attributes: "ff".repeat(16) };
  expect(refusals(one({ measurements: registers }))).toEqual(["MEASUREMENT_REFUSED"]);
  expect(refusals(one({ measurements: { mrsigner: "5e".repeat(32) } }))).toEqual([
    "MEASUREMENT_REFUSED",
  ]);
});

test("a quorum is not met by one piece", async () => {
  const evidence = await fixture.evidence("sgx");
  const policy = fixture.policy({ quorum: { n: 2 } });
  const result = judge(evidence, { policy });
  expect([result.ok, refusals(result)]).toEqual([false, ["QUORUM_NOT_MET"]]);
});

test("no collateral, somebody else's, or last year's is a refusal", async () => {
  const { quote, anchor, platform } = createPlatformFixture();
  const bytes = quote("sgx");
  const plain = (collateral: unknown, at = EVIDENCE_AT) =>
    refusals(
      appraise({ tee: "sgx", bytes }, options({ anchors: [anchor], collateral, at, policy: null })),
    );
  const other = createPlatformFixture({ seed: 8 }).platform;
  expect(plain(null)).toEqual(["COLLATERAL_MISSING"]);
  expect(plain({})).toEqual(["COLLATERAL_INVALID"]);
  expect(plain({ certificates: ["00"], crls: [] })).toEqual(["COLLATERAL_INVALID"]);
  expect(plain(platform.collateral("tdx", EVIDENCE_AT))).toHaveLength(1);
  expect(plain(other.collateral("sgx", EVIDENCE_AT))).not.toEqual(["EVIDENCE_SIMULATED"]);
  const yearLater = EVIDENCE_AT + 366 * 86_400_000;
  expect(plain(platform.collateral("sgx", EVIDENCE_AT), yearLater)).toHaveLength(1);
  // The caller's collateral goes before the document's own, which may be the attacker's choice.
  const document = await fixture.evidence("sgx");
  expect(judge(document, { collateral: {} }).ok).toBe(false);
});

test("a document whose quote is of another kind, or whose words were changed, is refused", async () => {
  const evidence = await fixture.evidence("sgx");
  const json = JSON.parse(Buffer.from(evidence.body, "base64").toString("utf8")) as Record<
    string,
    unknown
  >;
  const change = (fields: object): Evidence => ({
    ...evidence,
    body: Buffer.from(JSON.stringify({ ...json, ...fields })).toString("base64"),
  });
  const registration = json["registration"] as Record<string, unknown>;
  const changes: readonly object[] = [
    { tee: "tdx" },
    { tee: "nitro" },
    { epoch: 2 },
    { keys: [] },
    { keys: (json["keys"] as unknown[]).slice(1) },
    { registration: { ...registration, notAfter: 253_402_300_799_999 } },
    { registration: { ...registration, cryptlet: "other" } },
    { log: (json["log"] as unknown[]).toReversed() },
    { extra: true },
    { quote: "" },
    { quote: "AAAA" },
  ];
  for (const fields of changes) {
    const result = judge(change(fields));
    expect([fields, result.ok, refusals(result).length]).toEqual([fields, false, 1]);
  }
  expect(judge({ ...evidence, type: "application/json" }).ok).toBe(false);
  expect(judge({ ...evidence, body: "%" }).ok).toBe(false);
});

test("a policy that is none is an error of whoever wrote it, at once", async () => {
  const evidence = await fixture.evidence("sgx");
  for (const change of [{ allow: true }, { tees: [] }, { anyOf: [] }, { quorum: { n: 0 } }])
    expect(() => judge(evidence, { policy: { ...fixture.policy(), ...change } })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
});

test("a policy that asks for more never accepts more", async () => {
  const evidence = await fixture.evidence("sgx", { nonce: "5a".repeat(32) });
  const accepts = (policy: AppraisalPolicyInput, nonce?: string) =>
    judge(evidence, { policy, ...(nonce === undefined ? {} : { nonce }) }).ok;
  const stricter: fc.Arbitrary<Partial<AppraisalPolicyInput>> = fc.record(
    {
      allowSimulated: fc.constant(false),
      tees: fc.subarray(["tdx" as const, "nitro" as const], { minLength: 1 }),
      anyOf: fc.constant([{ measurements: [fixture.cryptlet], minSvn: 6 }]),
      platforms: fc.constantFrom({ allow: ["elsewhere"] }, { deny: ["53494d000000"] }),
      quorum: fc.constantFrom({ n: 2 }, { n: 1, distinctTeeVendors: 2 }),
      freshness: fc.constant({ mode: "nonce" as const, maxAgeSec: 60 }),
      tcb: fc.constantFrom({ minTcbEval: 0xffff_ffff }, { accept: ["OutOfDate" as const] }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(stricter, (change) => {
      const isEmpty = Object.keys(change).length === 0;
      expect(accepts(fixture.policy(change))).toBe(isEmpty);
    }),
  );
});
