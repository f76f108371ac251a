import { describe, expect, it } from "vitest";
import { INTEL_SGX_ROOT, INTEL_SGX_ROOT_SHA256 } from "../../../src/attestation/dcap/intel-root.ts";
import { verifyDcapQuote } from "../../../src/attestation/dcap/verify-dcap-quote.ts";
import { sha256Hex } from "../../../src/crypto/hashes.ts";
import { codeOf } from "../../support/code-of.ts";
import { type QuoteCase, readQuoteCases } from "../../support/quote-cases.ts";
import { readSharedEvidence } from "../../support/shared-evidence.ts";

/** The codes that a step of the shared cases stands for. Debug is a claim: the policy refuses it. */
const CODES: Readonly<Record<string, string>> = {
  parse: "QUOTE_MALFORMED",
  tcb: "TCB_LEVEL_UNKNOWN",
  td: "SERVICE_TD_REFUSED",
};

const cases = readQuoteCases("DCAP quotes of real hardware");
const verify = ({ quote, collateral, at }: QuoteCase) =>
  verifyDcapQuote(quote, { collateral, anchors: [INTEL_SGX_ROOT], at });

describe.runIf(cases.length > 0)("quotes of real hardware", () => {
  it("are all there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(13);
    expect(cases.filter(({ expected }) => expected.ok)).toHaveLength(6);
  });

  it("end in the root that Intel publishes", () => {
    expect(sha256Hex(INTEL_SGX_ROOT.certificate)).toBe(INTEL_SGX_ROOT_SHA256);
    expect(INTEL_SGX_ROOT.certificate).toEqual(readSharedEvidence("intel_sgx_root_ca.der"));
  });

  it.each(cases.filter(({ expected }) => (expected.withAllowDebug ?? expected).ok))(
    "$folder: is authentic, with Intel's own status",
    (shared) => {
      const claims = verify(shared);
      const { status, advisories, fmspc } = shared.expected.withAllowDebug ?? shared.expected;
      expect(claims).toMatchObject({
        simulated: false,
        debug: shared.expected.code === "debug",
        tcb: { status, advisories },
      });
      if (fmspc !== undefined) expect(claims.platform).toBe(fmspc);
      expect(claims.validFrom).toBeLessThanOrEqual(shared.at);
      expect(claims.validUntil).toBeGreaterThanOrEqual(shared.at);
    },
  );

  it.each(cases.filter(({ expected }) => !(expected.withAllowDebug ?? expected).ok))(
    "$folder: is refused at the step that the case names",
    (shared) => {
      const step = shared.expected.withAllowDebug?.code ?? shared.expected.code ?? "";
      expect(codeOf(() => verify(shared))).toBe(CODES[step]);
    },
  );
});
