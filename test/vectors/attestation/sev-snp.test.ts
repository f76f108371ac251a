import { describe, expect, test } from "vitest";
import { AMD_ROOTS } from "../../../src/attestation/sev-snp/amd-roots.ts";
import { SNP_LINES } from "../../../src/attestation/sev-snp/snp-tcb.ts";
import { verifySnpReport, type SnpOptions } from "../../../src/attestation/sev-snp/verify-snp-report.ts";
import { pemBlocks } from "../../../src/attestation/x509/pem-chain.ts";
import { bytesToHex } from "../../../src/crypto/bytes.ts";
import { codeOf } from "../../support/code-of.ts";
import { haveSharedEvidence, readSharedEvidence } from "../../support/shared-evidence.ts";

const TRUSTEE = "trustee/deps_verifier_test_data_snp_";
const trustee = (name: string) => readSharedEvidence(`${TRUSTEE}${name}`);
const google = (name: string) => readSharedEvidence("go-sev-guest", name);
const chainOf = (line: string) =>
  Buffer.from(
    readSharedEvidence(`trustee/deps_verifier_src_snp_${line.toLowerCase()}_ask_ark_asvk.pem`),
  ).toString("utf8");
const anchors = SNP_LINES.map((line) => AMD_ROOTS[line]);

/** No list of AMD's is among the vectors, so that these are judged with the allowance that says so. */
const options = (leaf: Uint8Array, at: string, change: Partial<SnpOptions> = {}): SnpOptions => ({
  anchors,
  collateral: {
    certificates: [chainOf("Milan"), Buffer.from(leaf).toString("base64")],
    crls: [],
  },
  at: Date.parse(at),
  allowMissingRevocation: true,
  ...change,
});

describe.runIf(haveSharedEvidence("AMD SEV-SNP reports"))("real AMD SEV-SNP reports", () => {
  test.each(SNP_LINES)("the root of %s here is AMD's, byte for byte", (line) => {
    const blocks = pemBlocks(chainOf(line)).map(bytesToHex);
    expect(blocks).toContain(bytesToHex(AMD_ROOTS[line].certificate));
  });

  test("a report signed by a chip's key", () => {
    const { claims, key, tcb, revocationChecked } = verifySnpReport(
      trustee("test-report.bin"),
      options(trustee("test-vcek.der"), "2024-01-01T00:00:00Z"),
    );
    expect(claims).toMatchObject({ tee: "sev-snp", simulated: false, debug: false, svn: 4 });
    expect(claims.measurement).toMatch(/^a1f3930413247bb3/);
    expect(claims.platform).toMatch(/^c38427a30d4c7af9/);
    expect(claims.signer).toMatch(/^0356215882a82527/);
    expect([key, revocationChecked]).toEqual(["vcek", false]);
    expect(tcb.reported).toEqual({ fmc: 0, bootloader: 3, tee: 0, snp: 8, microcode: 0x73 });
  });

  test("a report signed by a cloud's key, on provisional firmware", () => {
    const { claims, key, tcb, vmpl } = verifySnpReport(
      trustee("test-vlek-report.bin"),
      options(trustee("test-vlek.der"), "2025-06-01T00:00:00Z"),
    );
    expect([key, vmpl]).toEqual(["vlek", 1]);
    expect(claims.platform).toBe("vlek:CN=cc-us-east-2.amazonaws.com");
    expect([tcb.reported.microcode, tcb.committed.microcode, tcb.current.microcode]).toEqual([
      0xd9, 0xdb, 0xdc,
    ]);
  });

  test("a report of a guest that allows debugging", () => {
    const { claims } = verifySnpReport(
      google("verify_testdata_attestation.bin"),
      options(google("verify_testdata_vcek.testcer"), "2024-01-01T00:00:00Z"),
    );
    expect(claims.debug).toBe(true);
    expect(claims.reportData).toMatch(/^01020304050{118}$/);
  });

  test.each(["test-report.bin", "test-vlek-report.bin"])(
    "without a list that covers its chain, %s is refused",
    (report) => {
      const [leaf, at] =
        report === "test-report.bin"
          ? [trustee("test-vcek.der"), "2024-01-01T00:00:00Z"]
          : [trustee("test-vlek.der"), "2025-06-01T00:00:00Z"];
      const strict = options(leaf, at, { allowMissingRevocation: false });
      expect(codeOf(() => verifySnpReport(trustee(report), strict))).toBe("CRL_MISSING");
    },
  );

  test.each(["test-vcek-invalid-legacy.der", "test-vcek-invalid-new.der"])(
    "the invalid certificate %s is refused",
    (leaf) => {
      const wrong = options(trustee(leaf), "2024-01-01T00:00:00Z");
      expect(codeOf(() => verifySnpReport(trustee("test-report.bin"), wrong))).toBe(
        "CERTIFICATE_CHAIN_REFUSED",
      );
    },
  );

  test("a key of another chip, kind, time or product line is refused", () => {
    const report = trustee("test-report.bin");
    const vcek = trustee("test-vcek.der");
    const genoa = { certificates: [chainOf("Genoa"), Buffer.from(vcek).toString("hex")], crls: [] };
    const cases: readonly [SnpOptions, string][] = [
      [options(google("verify_testdata_vcek.testcer"), "2024-01-01T00:00:00Z"), "EVIDENCE_SIGNATURE_WRONG"],
      [options(trustee("test-vlek.der"), "2025-06-01T00:00:00Z"), "EVIDENCE_SIGNATURE_WRONG"],
      [options(vcek, "2022-01-01T00:00:00Z"), "CERTIFICATE_EXPIRED"],
      [options(vcek, "2030-06-01T00:00:00Z"), "CERTIFICATE_EXPIRED"],
      [options(vcek, "2024-01-01T00:00:00Z", { collateral: genoa }), "COLLATERAL_INVALID"],
      [
        options(vcek, "2024-01-01T00:00:00Z", { anchors: anchors.slice(1) }),
        "CERTIFICATE_ROOT_UNKNOWN",
      ],
    ];
    for (const [wrong, code] of cases)
      expect(codeOf(() => verifySnpReport(report, wrong))).toBe(code);
  });
});
