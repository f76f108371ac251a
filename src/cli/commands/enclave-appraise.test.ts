import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { createEvidenceFixture, EVIDENCE_AT } from "../../../test/support/appraisal-fixture.ts";
import { bundleBytes, createBundle, createKeyPair } from "../../../test/support/bundle-fixture.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import {
  haveSharedEvidence,
  readSharedEvidence,
  sharedEvidencePath,
} from "../../../test/support/shared-evidence.ts";
import { createSnpFixture } from "../../../test/support/snp-fixture.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { TRUST_CLAIMS, type AttestationResult } from "../../attestation/attestation-result.ts";
import { parseAttestationDocument } from "../../attestation/nitro/attestation-document.ts";
import { parseCoseSign1 } from "../../attestation/nitro/cose-sign1.ts";
import { appraisalPolicySchema } from "../../attestation/appraisal-policy.ts";
import { APPRAISAL_EXAMPLE } from "../appraisal-example.ts";
import type { Evidence } from "../../envelope/bundle.ts";
import { commands } from "../commands.ts";

interface Answer {
  readonly code: number;
  readonly data: AttestationResult;
  readonly error?: { readonly code: string };
}

const appraise = async (file: string, ...flags: readonly string[]): Promise<Answer> => {
  const run = await runForTest(["enclave", "appraise", file, "--json", ...flags], commands);
  return { code: run.code, ...(JSON.parse(run.stdout) as Omit<Answer, "code">) };
};

const write = (name: string, content: string | Uint8Array): string => {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
};

interface Expected {
  readonly verifyAt: string;
  readonly expected: {
    readonly ok: boolean;
    readonly status?: string;
    readonly advisories?: readonly string[];
    readonly code?: string;
    readonly withAllowDebug?: { readonly ok: boolean; readonly status?: string };
  };
}

/** The steps of the shared cases in words of ours. */
const CODES: Readonly<Record<string, string>> = {
  td: "SERVICE_TD_REFUSED",
  tcb: "TCB_LEVEL_UNKNOWN",
  parse: "QUOTE_MALFORMED",
  debug: "EVIDENCE_DEBUG",
};

const CASES = haveSharedEvidence("enclave appraise, shared cases")
  ? readdirSync(sharedEvidencePath("cases"))
  : [];

describe.runIf(CASES.length > 0)("cryptlet enclave appraise, real quotes", () => {
  it.each(CASES)("%s", async (name) => {
    const folder = sharedEvidencePath("cases", name);
    const { verifyAt, expected } = JSON.parse(
      readFileSync(path.join(folder, "expected.json"), "utf8"),
    ) as Expected;
    const quote = path.join(folder, "quote.bin");
    const flags = ["--collateral", path.join(folder, "collateral.json"), "--at", verifyAt];
    const { code, data, error } = await appraise(quote, ...flags);
    expect(code).toBe(expected.ok ? 0 : 13);
    expect(data.ok).toBe(expected.ok);
    if (expected.ok) {
      expect(data.tcbStatus).toBe(expected.status);
      expect(data.advisories).toEqual(expected.advisories);
      expect(data.simulated).toBe(false);
      expect(data.measurement).toMatch(/^[0-9a-f]{64,96}$/);
      expect(data.reportData).toMatch(/^[0-9a-f]{128}$/);
    } else {
      expect(error?.code).toBe(CODES[expected.code ?? ""]);
      expect(data.reasons[0]).toMatchObject({ code: error?.code, weight: "refused" });
    }
    const late = await appraise(quote, ...flags.slice(0, 2), "--at", "2040-01-01T00:00:00Z");
    expect([late.code, late.data.ok]).toEqual([13, false]);
  });
});

describe.runIf(CASES.length > 0)("cryptlet enclave appraise, cases with debug allowed", () => {
  const expectations = CASES.map((name) => {
    const text = readFileSync(sharedEvidencePath("cases", name, "expected.json"), "utf8");
    return { ...(JSON.parse(text) as Expected), name };
  }).filter(({ expected }) => expected.withAllowDebug !== undefined);

  it.each(expectations)("$name", async ({ name, verifyAt, expected }) => {
    const quote = sharedEvidencePath("cases", name, "quote.bin");
    const flags = ["--collateral", sharedEvidencePath("cases", name, "collateral.json")];
    const debugged = await appraise(quote, ...flags, "--at", verifyAt);
    const measurement = debugged.data.measurement ?? "aa".repeat(48);
    const policy = {
      id: "debug",
      allowDebug: true,
      tees: ["tdx"],
      anyOf: [{ measurements: [measurement] }],
    };
    flags.push("--at", verifyAt, "--policy", write("policy.json", JSON.stringify(policy)));
    const { code, data } = await appraise(quote, ...flags);
    const { ok, status } = expected.withAllowDebug ?? { ok: false };
    expect([code, data.ok, data.tcbStatus]).toEqual(ok ? [0, true, status] : [13, false, null]);
  });
});

const NITRO = ["evervault-nitro", "test-data_beta_valid-attestation-doc-bytes"];
/** 256 bytes, as that document binds them. */
const nitroNonce = (): string => {
  const { payload } = parseCoseSign1(readSharedEvidence(...NITRO));
  return Buffer.from(parseAttestationDocument(payload).nonce ?? []).toString("hex");
};
const NITRO_AT = "2022-10-13T09:00:00Z";
const PCR0 =
  "f4d48b81a460c9916d1e685119074bf24660afd3e34fae9fca0a0d28d9d5599936332687e6f66fc890ac8cf150142d8b";

describe.runIf(CASES.length > 0)("cryptlet enclave appraise, forms and policies", () => {
  const policyFile = (change: object = {}): string =>
    write(
      "policy.json",
      JSON.stringify({ id: "test", tees: ["nitro"], anyOf: [{ measurements: [PCR0] }], ...change }),
    );
  const nitro = sharedEvidencePath(...NITRO);
  const withPolicy = (change: object = {}, ...flags: readonly string[]) =>
    appraise(nitro, "--at", NITRO_AT, "--policy", policyFile(change), ...flags);

  it("takes bytes, hex with line breaks and base64 alike", async () => {
    const bytes = Buffer.from(readSharedEvidence(...NITRO));
    const hex = bytes.toString("hex").replaceAll(/(.{64})/g, "$1\n");
    const direct = await appraise(nitro, "--at", NITRO_AT);
    expect([direct.code, direct.data.tee, direct.data.measurement]).toEqual([0, "nitro", PCR0]);
    for (const text of [hex, `0x${bytes.toString("hex")}`, `${bytes.toString("base64")}\n`])
      expect((await appraise(write("doc", text), "--at", NITRO_AT)).data).toEqual(direct.data);
  });

  it("ends with 13 and a reason for what no evidence is", async () => {
    for (const junk of [
      "",
      "hello",
      "{}",
      '{"format":1,"format":2}',
      "{",
      "[]",
      "00".repeat(600),
    ]) {
      const { code, data } = await appraise(write("junk", junk));
      expect([junk, code, data.ok, data.reasons[0]?.weight]).toEqual([junk, 13, false, "refused"]);
    }
  });

  it("shows no trust vector of what is not authentic", async () => {
    const junk = write("junk", Uint8Array.of(3, 0, 2, 0, ...new Uint8Array(600)));
    const refused = await runForTest(["enclave", "appraise", junk], commands);
    expect(refused.code).toBe(13);
    expect(refused.stdout).toContain("QUOTE_MALFORMED");
    for (const claim of TRUST_CLAIMS) expect(refused.stdout).not.toContain(claim);
    const genuine = await runForTest(["enclave", "appraise", nitro, "--at", NITRO_AT], commands);
    for (const claim of TRUST_CLAIMS) expect(genuine.stdout).toContain(claim);
  });

  it("judges by a policy, of which every default refuses", async () => {
    expect((await withPolicy()).code).toBe(0);
    const cases: readonly [object, string][] = [
      [{ tees: ["sgx"] }, "TEE_REFUSED"],
      [{ anyOf: [{ measurements: ["00".repeat(48)] }] }, "MEASUREMENT_REFUSED"],
      [{ anyOf: [{ measurements: [PCR0], signer: "aa".repeat(48) }] }, "WORKLOAD_REFUSED"],
      [{ anyOf: [{ measurements: [PCR0], minSvn: 1 }] }, "WORKLOAD_REFUSED"],
      [{ anyOf: [{ measurements: { pcr0: PCR0, pcr5: "00".repeat(48) } }] }, "MEASUREMENT_REFUSED"],
      [{ anyOf: [{ measurements: { pcr3: "4a".repeat(48) } }] }, "MEASUREMENT_REFUSED"],
      [{ platforms: { deny: ["i-020b6af9246d90e92-enc0183d09086c24190"] } }, "PLATFORM_REFUSED"],
      [{ platforms: { allow: ["another"] } }, "PLATFORM_REFUSED"],
      [{ freshness: { mode: "nonce", maxAgeSec: 600 } }, "EVIDENCE_NOT_FRESH"],
      [{ freshness: { mode: "epoch", maxAgeSec: 60 } }, "EVIDENCE_NOT_FRESH"],
      [{ quorum: { n: 2 } }, "QUORUM_NOT_MET"],
    ];
    for (const [change, code] of cases) {
      const answer = await withPolicy(change);
      expect([code, answer.code, answer.error?.code]).toEqual([code, 13, code]);
      expect(answer.data).toMatchObject({ ok: false, tee: "nitro", measurement: PCR0 });
    }
    const fresh = { freshness: { mode: "nonce", maxAgeSec: 600 } };
    expect((await withPolicy(fresh, "--nonce", nitroNonce())).code).toBe(0);
    const replayed = await withPolicy(fresh, "--nonce", "ab".repeat(32));
    expect(replayed.error?.code).toBe("EVIDENCE_NONCE_WRONG");
  });

  it("refuses debug evidence unless a policy allows it, and its zeros match nothing even then", async () => {
    const debug = sharedEvidencePath(
      NITRO[0] ?? "",
      "test-data_beta_debug-mode-attestation-doc-bytes",
    );
    const at = "2022-10-12T14:00:00Z";
    const without = await appraise(debug, "--at", at);
    expect([without.code, without.error?.code]).toEqual([13, "EVIDENCE_DEBUG"]);
    expect(without.data.trustVector["runtime-opaque"]).toBeGreaterThanOrEqual(96);
    const policy = policyFile({ allowDebug: true, anyOf: [{ measurements: ["00".repeat(48)] }] });
    const allowed = await appraise(debug, "--at", at, "--policy", policy);
    expect(allowed.error?.code).toBe("MEASUREMENT_REFUSED");
  });

  it("asks no service for what needs no collateral, was given or is no evidence", async () => {
    const cache = ["--fetch", "--collateral-cache", temporaryFolder()];
    expect((await appraise(nitro, "--at", NITRO_AT, ...cache)).code).toBe(0);
    const folder = sharedEvidencePath("cases", "phala-tdx");
    const given = [
      "--collateral",
      path.join(folder, "collateral.json"),
      "--at",
      "2025-07-01T00:00:00Z",
    ];
    expect((await appraise(path.join(folder, "quote.bin"), ...given, ...cache)).code).toBe(0);
    const junk = write("junk", Uint8Array.of(3, 0, 2, 0, ...new Uint8Array(600)));
    const { code, error } = await appraise(junk, ...cache);
    expect([code, error?.code]).toEqual([13, "QUOTE_MALFORMED"]);
  });

  it("tells wrong usage and wrong files apart from refusals", async () => {
    const cases: readonly [readonly string[], number, string][] = [
      [["--policy", policyFile({ allow: true })], 2, "FILE_INVALID"],
      [["--policy", policyFile({ tcb: { accept: ["Revoked"] } })], 2, "FILE_INVALID"],
      [["--policy", "/nowhere/policy.json"], 3, "FILE_UNREADABLE"],
      [["--collateral", write("c.json", "no json")], 2, "FILE_INVALID"],
      [["--nonce", "abcd"], 2, "USAGE_INVALID"],
      [["--collateral-cache", "/nowhere"], 2, "USAGE_INVALID"],
      [["--policy", "-", "--collateral", "-"], 2, "USAGE_INVALID"],
      [["--anchor", "/nowhere/root.pem"], 2, "USAGE_INVALID"],
      [["--anchor", write("root.pem", "x"), "--insecure-simulated-anchor"], 2, "FILE_INVALID"],
    ];
    for (const [flags, exit, code] of cases) {
      const run = await runForTest(["enclave", "appraise", nitro, "--json", ...flags], commands);
      const { error } = JSON.parse(run.stdout) as { error: { code: string } };
      expect([run.code, error.code]).toEqual([exit, code]);
    }
  });
});

it("shows a policy in docs/cli.md that is one", () => {
  expect(appraisalPolicySchema.safeParse(APPRAISAL_EXAMPLE).error?.issues).toBeUndefined();
});

describe("cryptlet enclave appraise, simulated", () => {
  const fixture = createSnpFixture();
  const pem = (der: Uint8Array): string => {
    const lines =
      Buffer.from(der)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  };
  const flags = (): readonly string[] => [
    "--collateral",
    write("collateral.json", JSON.stringify(fixture.collateral)),
    "--at",
    new Date(fixture.at).toISOString(),
  ];
  const anchored = (): readonly string[] => [
    "--anchor",
    write("root.pem", pem(fixture.anchor.certificate)),
    "--insecure-simulated-anchor",
  ];
  const policy = (change: object = {}): readonly string[] => [
    "--policy",
    write(
      "policy.json",
      JSON.stringify({
        id: "dev",
        tees: ["sev-snp"],
        anyOf: [{ measurements: ["3e".repeat(48)], signer: "1d".repeat(48), minSvn: 2 }],
        ...change,
      }),
    ),
  ];

  it("is refused under the vendors' roots, and without a policy that allows it", async () => {
    const report = write("report.bin", fixture.report());
    const plain = await appraise(report, ...flags());
    expect([plain.code, plain.error?.code]).toEqual([13, "CERTIFICATE_ROOT_UNKNOWN"]);
    expect(plain.data.simulated).toBeNull();
    for (const more of [[], policy()]) {
      const known = await appraise(report, ...flags(), ...anchored(), ...more);
      expect([known.code, known.error?.code]).toEqual([13, "EVIDENCE_SIMULATED"]);
      expect(known.data.simulated).toBe(true);
    }
  });

  it("is at best a warning where a policy allows it, and is called SIMULATED", async () => {
    const report = write("report.bin", fixture.report());
    const least = { sevSnp: { bootloader: 3, tee: 0, snp: 8, microcode: 115 } };
    const argv = [...flags(), ...anchored(), ...policy({ allowSimulated: true, tcb: least })];
    const { code, data } = await appraise(report, ...argv);
    expect([code, data.ok, data.simulated]).toEqual([0, true, true]);
    for (const value of Object.values(data.trustVector))
      expect(value === 0 || (value >= 32 && value < 96)).toBe(true);
    const { stdout } = await runForTest(["enclave", "appraise", report, ...argv], commands);
    expect(stdout).toContain("*** SIMULATED");
    const high = { sevSnp: { ...least.sevSnp, microcode: 116 } };
    const old = await appraise(
      report,
      ...flags(),
      ...anchored(),
      ...policy({ allowSimulated: true, tcb: high }),
    );
    expect([old.code, old.error?.code]).toEqual([13, "TCB_REFUSED"]);
  });
});

describe("cryptlet enclave appraise, documents and bundles", () => {
  const fixture = createEvidenceFixture();
  const at = new Date(EVIDENCE_AT).toISOString();
  const anchored = (): readonly string[] => {
    const [anchor] = fixture.anchors;
    const lines =
      Buffer.from(anchor?.certificate ?? [])
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    const pem = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
    return ["--at", at, "--anchor", write("root.pem", pem), "--insecure-simulated-anchor"];
  };
  const policy = (change: Parameters<typeof fixture.policy>[0] = {}) => [
    "--policy",
    write("policy.json", JSON.stringify(fixture.policy(change))),
  ];
  const bundleOf = (...evidence: readonly Evidence[]) =>
    write(
      "bundle.json",
      bundleBytes(createBundle(createKeyPair(), undefined, { evidence: [...evidence] })),
    );

  it("says what a document binds", async () => {
    const evidence = await fixture.evidence("sgx");
    const file = write("evidence.json", Buffer.from(evidence.body, "base64"));
    const { code, data } = await appraise(file, ...anchored(), ...policy());
    expect(code).toBe(0);
    expect(data).toMatchObject({
      evidence: "document",
      simulated: true,
      measurement: fixture.cryptlet.slice("sha256:".length),
      binds: {
        subject: "cryptlet",
        name: "gold-price",
        purpose: "register",
        keyids: fixture.keyids,
      },
    });
    const other = await appraise(file, ...anchored(), ...policy(), "--purpose", "kbs");
    expect([other.code, other.error?.code]).toEqual([13, "EVIDENCE_PURPOSE_WRONG"]);
    const strict = await appraise(file, ...anchored());
    expect([strict.code, strict.error?.code]).toEqual([13, "EVIDENCE_SIMULATED"]);
  });

  it("judges every piece of a bundle, and none is a refusal", async () => {
    const sgx = await fixture.evidence("sgx");
    const debugged = await fixture.evidence("sgx", { debug: true });
    const flags = [...anchored(), ...policy()];
    const one = await appraise(bundleOf(sgx), ...flags);
    expect([one.code, one.data]).toMatchObject([0, { evidence: "bundle", pieces: [] }]);
    const two = await appraise(bundleOf(debugged, sgx), ...flags);
    expect([two.code, two.data]).toMatchObject([0, { pieces: [{ ok: false }, { ok: true }] }]);
    const none = await appraise(bundleOf(), ...flags);
    expect([none.code, none.error?.code, none.data.ok]).toEqual([13, "EVIDENCE_MISSING", false]);
    const quorum = [...anchored(), ...policy({ quorum: { n: 2 } })];
    const few = await appraise(bundleOf(sgx, sgx), ...quorum);
    expect([few.code, few.error?.code, few.data.ok]).toEqual([13, "QUORUM_NOT_MET", false]);
  });
});
