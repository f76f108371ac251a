import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appraise } from "../../src/attestation/appraise.ts";
import { AMD_ROOTS } from "../../src/attestation/sev-snp/amd-roots.ts";
import { parseSnpReport } from "../../src/attestation/sev-snp/snp-report.ts";
import {
  verifySnpReport,
  type SnpOptions,
} from "../../src/attestation/sev-snp/verify-snp-report.ts";
import { codeOf } from "../support/code-of.ts";
import { haveSharedEvidence, readSharedEvidence } from "../support/shared-evidence.ts";
import { createSnpFixture } from "../support/snp-fixture.ts";

const fixture = createSnpFixture();
const options: SnpOptions = {
  anchors: [fixture.anchor],
  collateral: fixture.collateral,
  at: fixture.at,
};
const good = fixture.report();
const codeOfReport = (bytes: Uint8Array, change: Partial<SnpOptions> = {}) =>
  codeOf(() => verifySnpReport(bytes, { ...options, ...change }));
const flip = (bytes: Uint8Array, at: number): Uint8Array => {
  const flipped = bytes.slice();
  flipped[at] = (flipped[at] ?? 0) ^ 0x01;
  return flipped;
};

test("every byte counts, the unsigned ones behind the signature too", () => {
  expect(codeOfReport(good)).toBe("none");
  for (let i = 0; i < good.length; i++)
    expect([i, codeOfReport(flip(good, i)) === "none"]).toEqual([i, false]);
});

test("every byte of its certificates and of the list counts", () => {
  const { vekDer, askDer, crlDer } = fixture;
  const judge = (vek: Uint8Array, ask: Uint8Array, crl: Uint8Array) => {
    const [vekText = "", askText = "", crlText = ""] = [vek, ask, crl].map((bytes) =>
      Buffer.from(bytes).toString("base64"),
    );
    return codeOfReport(good, {
      collateral: { certificates: [vekText, askText], crls: [crlText] },
    });
  };
  expect(judge(vekDer, askDer, crlDer)).toBe("none");
  for (let i = 0; i < vekDer.length; i += 3)
    expect([i, judge(flip(vekDer, i), askDer, crlDer) === "none"]).toEqual([i, false]);
  for (let i = 0; i < askDer.length; i += 3)
    expect([i, judge(vekDer, flip(askDer, i), crlDer) === "none"]).toEqual([i, false]);
  for (let i = 0; i < crlDer.length; i++)
    expect([i, judge(vekDer, askDer, flip(crlDer, i)) === "none"]).toEqual([i, false]);
});

test("another length is no report", () => {
  for (const length of [0, 1, 672, 1_183])
    expect(codeOfReport(good.slice(0, length))).toBe("EVIDENCE_MALFORMED");
  const longer = new Uint8Array(1_185);
  longer.set(good);
  expect(codeOfReport(longer)).toBe("EVIDENCE_MALFORMED");
});

test("noise never passes and never throws anything without a code", () => {
  const noise = fc.uint8Array({ minLength: 1_184, maxLength: 1_184 });
  fc.assert(
    fc.property(noise, (bytes) => {
      expect(codeOfReport(bytes)).not.toBe("none");
      expect(["none", "EVIDENCE_MALFORMED"]).toContain(codeOf(() => parseSnpReport(bytes)));
    }),
  );
});

test("times that are none are in no period", () => {
  for (const at of [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(codeOfReport(good, { at })).toBe("CERTIFICATE_EXPIRED");
});

test("collateral of wrong form refuses and does not fall back to anything", () => {
  const cases: readonly unknown[] = [
    null,
    {},
    [],
    "x",
    { certificates: [] },
    { certificates: fixture.collateral.certificates, crls: fixture.collateral.crls, extra: 1 },
    { certificates: fixture.collateral.certificates, crls: null },
    { certificates: [...fixture.collateral.certificates, ""], crls: fixture.collateral.crls },
    { certificates: Array.from({ length: 9 }, () => "00"), crls: [] },
    { certificates: fixture.collateral.certificates },
  ];
  for (const collateral of cases) {
    const { anchors, at } = options;
    const result = appraise(
      { tee: "sev-snp", bytes: good },
      {
        policy: null,
        anchors: anchors.map((anchor) => ({ ...anchor, simulated: false })),
        collateral,
        at,
      },
    );
    expect([collateral, result.ok]).toEqual([collateral, false]);
  }
});

describe.runIf(haveSharedEvidence("AMD SEV-SNP reports, attacked"))("a real report", () => {
  const bytes = readSharedEvidence("trustee/deps_verifier_test_data_snp_test-report.bin");
  const vcek = readSharedEvidence("trustee/deps_verifier_test_data_snp_test-vcek.der");
  const ask = readSharedEvidence("trustee/deps_verifier_src_snp_milan_ask_ark_asvk.pem");
  const real: SnpOptions = {
    anchors: Object.values(AMD_ROOTS),
    collateral: {
      certificates: [Buffer.from(vcek).toString("base64"), Buffer.from(ask).toString("utf8")],
      crls: [],
    },
    at: Date.parse("2024-01-01T00:00:00Z"),
    allowMissingRevocation: true,
  };

  test("holds, and with one bit changed anywhere does not", () => {
    expect(codeOfReport(bytes, real)).toBe("none");
    for (let i = 0; i < bytes.length; i++)
      expect([i, codeOfReport(flip(bytes, i), real) === "none"]).toEqual([i, false]);
  });

  test("does not hold under the roots of other lines", () => {
    for (const anchor of [AMD_ROOTS.Genoa, AMD_ROOTS.Turin])
      expect(codeOfReport(bytes, { ...real, anchors: [anchor] })).toBe("CERTIFICATE_ROOT_UNKNOWN");
  });
});
