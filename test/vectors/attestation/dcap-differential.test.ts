import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { certificatesToPem, spkiOf } from "../../../enclave-sim/platform/write-certificate.ts";
import type { DcapCollateral } from "../../../src/attestation/collateral/collateral.ts";
import { INTEL_SGX_ROOT } from "../../../src/attestation/dcap/intel-root.ts";
import { verifyDcapQuote } from "../../../src/attestation/dcap/verify-dcap-quote.ts";
import type { TrustAnchor } from "../../../src/attestation/trust-anchors.ts";
import { isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { parseCertificate } from "../../../src/attestation/x509/certificate.ts";
import { bytesToHex, hexToBytes } from "../../../src/crypto/bytes.ts";
import { phalaStatus } from "../../support/phala-verifier.ts";
import { type QuoteCase, readQuoteCase, readQuoteCases } from "../../support/quote-cases.ts";
import {
  WORLD_TIME,
  type WorldChange,
  worldAnchor,
  worldCertificate,
  worldCrl,
  worldEvidence,
  worldKeys,
  worldLevel,
} from "../../support/quote-world.ts";

interface Evidence {
  readonly quote: Uint8Array;
  readonly collateral: DcapCollateral;
  readonly at: number;
}

const ours = ({ quote, collateral, at }: Evidence, anchor: TrustAnchor): string => {
  try {
    const { debug, tcb } = verifyDcapQuote(quote, { collateral, anchors: [anchor], at });
    return debug ? "debug" : (tcb.status ?? "none");
  } catch (error) {
    if (isFabricError(error)) return error.code;
    throw error;
  }
};
const both = (evidence: Evidence, anchor: TrustAnchor) => ({
  ours: ours(evidence, anchor),
  phala: phalaStatus(evidence.quote, { ...evidence, root: anchor.certificate }),
});

const serialOf = (der: Uint8Array): Uint8Array =>
  hexToBytes(parseCertificate(der).serial.padStart(32, "0"));

/** Statuses of Intel's algorithm begin like words, codes and `refused` do not. */
const isAccepted = (answer: string): boolean => /^[A-Z]+[a-z]/.test(answer);

/** Shared cases in which the two differ, and why. */
const EXPLAINED: Readonly<Record<string, string>> = {
  "go-tdx-cos-113-v4-00806f05-oct-2025":
    "phala compares the first two SVNs of a TD with the level, though they belong to the module's identity",
};

const cases = readQuoteCases("DCAP quotes beside @phala/dcap-qvl");

describe.runIf(cases.length > 0)("real quotes, beside phala", () => {
  it.each(cases)("$folder", (shared) => {
    const result = both(shared, INTEL_SGX_ROOT);
    expect(result.phala).toBe(shared.phala.ok ? shared.phala.status : "refused");
    if (Object.hasOwn(EXPLAINED, shared.folder)) expect(result.ours).not.toBe(result.phala);
    else if (isAccepted(result.ours)) expect(result.phala).toBe(result.ours);
    else expect(result.phala).toBe("refused");
  });

  it("disagree on flipped bytes only where phala reads over what it does not understand", () => {
    const { quote, ...rest }: QuoteCase = readQuoteCase("phala-tdx");
    const answers = Array.from({ length: Math.ceil(quote.length / 9) }, (_, i) => {
      const at = 9 * i;
      const changed = quote.with(at, (quote[at] ?? 0) ^ (1 << (at & 7)));
      return { at, ...both({ ...rest, quote: changed }, INTEL_SGX_ROOT) };
    });
    expect(answers.filter((answer) => isAccepted(answer.ours))).toEqual([]);
    // The type of certification data, its length, text around and between the certificates, padding.
    const certification = 48 + 584 + 4 + 64 + 64;
    const inner = certification + 6 + 384 + 64 + 2 + 32;
    const taken = answers.filter((answer) => isAccepted(answer.phala)).map(({ at }) => at);
    expect(taken.length).toBeGreaterThan(0);
    const signed = (at: number) =>
      at < certification || (at >= certification + 6 && at < inner);
    expect(taken.filter(signed)).toEqual([]);
  });
});

describe("a PKI of our own, beside phala", () => {
  const anchor = worldAnchor();
  const answer = (change: WorldChange, at = WORLD_TIME) =>
    both({ ...worldEvidence(change), at }, anchor);
  const list = (part: "root_ca_crl" | "pck_crl", bytes: Uint8Array): WorldChange => ({
    collateral: { [part]: bytesToHex(bytes) },
  });
  const pck = worldCertificate("pck");
  const ca = worldCertificate("ca");
  const root = worldCertificate("root");
  const fake = worldCertificate(
    "pck",
    { subject: "fake", issuer: "pck", publicKey: spkiOf(worldKeys.attestation) },
    worldKeys.pck,
  );
  const tdx = { tee: "tdx" } as const;

  it.each<[string, WorldChange, string]>([
    ["an enclave", {}, "UpToDate"],
    [
      "an enclave of an older level",
      { tcbInfo: (info) => ({ ...info, tcbLevels: info.tcbLevels.slice(1) }) },
      "SWHardeningNeeded",
    ],
    ["an outdated quoting enclave", { qeReport: (bytes) => bytes.set([2, 0], 258) }, "OutOfDate"],
    ["a trust domain of the first modules", { ...tdx, body: (b) => b.set([5, 0, 5]) }, "UpToDate"],
  ])("both accept %s", (_, change, status) => {
    expect(answer(change)).toEqual({ ours: status, phala: status });
  });

  it.each<[string, WorldChange, string]>([
    ["a revoked platform", list("pck_crl", worldCrl("ca", { revoked: [serialOf(pck)] })), "CERTIFICATE_REVOKED"],
    ["a revoked CA", list("root_ca_crl", worldCrl("root", { revoked: [serialOf(ca)] })), "CERTIFICATE_REVOKED"],
    ["another platform's key", { pckKey: worldKeys.attestation }, "QE_REFUSED"],
    ["another signer of TCB info", { signingKey: worldKeys.pck }, "COLLATERAL_INVALID"],
    ["another signer of the quoting enclave", { qeReport: (bytes) => bytes.set([0], 128) }, "QE_REFUSED"],
    ["another FMSPC", { tcbInfo: (info) => ({ ...info, fmspc: "53494d000001" }) }, "COLLATERAL_MISMATCH"],
    ["another kind of TEE", { tcbInfo: (info) => ({ ...info, id: "TDX" }) }, "COLLATERAL_MISMATCH"],
    ["debug", { body: (bytes) => bytes.set([7], 48) }, "debug"],
    ["a service TD", { ...tdx, version: 5, body: (b) => { b.set([5, 0, 5]); b.set([1], 600); } }, "SERVICE_TD_REFUSED"],
    ["no level", { tcbInfo: (info) => ({ ...info, tcbLevels: [] }) }, "COLLATERAL_INVALID"],
  ])("both refuse %s", (_, change, code) => {
    expect(answer(change)).toEqual({ ours: code, phala: "refused" });
  });

  it.each<[string, WorldChange, string]>([
    ["an empty list", list("pck_crl", new Uint8Array()), "COLLATERAL_INVALID"],
    ["a list that does not parse", list("pck_crl", Uint8Array.of(1, 2, 3)), "COLLATERAL_INVALID"],
    ["a list that anybody signed", list("pck_crl", worldCrl("ca", {}, worldKeys.pck)), "CRL_INVALID"],
    ["another issuer's list", list("pck_crl", worldCrl("root")), "CRL_MISSING"],
    ["an outdated list", list("pck_crl", worldCrl("ca", { nextUpdate: WORLD_TIME - 1_000 })), "CRL_EXPIRED"],
    ["a list of tomorrow", list("pck_crl", worldCrl("ca", { thisUpdate: WORLD_TIME + 1_000 })), "CRL_EXPIRED"],
    [
      "a platform that certifies another",
      { pckChain: certificatesToPem(fake, pck, ca, root), pckKey: worldKeys.attestation },
      "CERTIFICATE_CHAIN_REFUSED",
    ],
    [
      "a platform that signs the TCB info by which it is judged",
      {
        signingKey: worldKeys.pck,
        collateral: {
          tcb_info_issuer_chain: certificatesToPem(pck, ca, root),
          qe_identity_issuer_chain: certificatesToPem(pck, ca, root),
        },
      },
      "CRL_MISSING",
    ],
    ["another vendor's quoting enclave", { header: (bytes) => bytes.fill(0xaa, 12, 28) }, "QUOTE_VENDOR_REFUSED"],
    ["a module of another signer", { ...tdx, body: (b) => { b.set([5, 0, 5]); b.set([1], 64); } }, "TDX_MODULE_REFUSED"],
    ["SEAM attributes", { ...tdx, body: (b) => { b.set([5, 0, 5]); b.set([1], 112); } }, "TDX_MODULE_REFUSED"],
    ["another PCE", { tcbInfo: (info) => ({ ...info, pceId: "0001" }) }, "COLLATERAL_MISMATCH"],
    ["fields that nobody knows", { tcbInfo: (info) => ({ ...info, more: 1 }) }, "COLLATERAL_INVALID"],
    ["something behind the key's hash", { qeReport: (bytes) => bytes.set([1], 352) }, "QE_REFUSED"],
  ])("phala accepts %s, and a strict verifier must not", (_, change, code) => {
    const { ours: code2, phala } = answer(change);
    expect([code2, isAccepted(phala)]).toEqual([code, true]);
  });

  it("both take the same level of any TCB info, where phala's algorithm is Intel's", () => {
    const svn = fc.nat({ max: 6 });
    const status = fc.constantFrom(
      "UpToDate",
      "SWHardeningNeeded",
      "ConfigurationNeeded",
      "ConfigurationAndSWHardeningNeeded",
      "OutOfDate",
      "OutOfDateConfigurationNeeded",
    );
    const level = fc
      .tuple(fc.array(svn, { maxLength: 4 }), fc.array(svn, { maxLength: 4 }), status)
      .map(([sgx, td, name]) => worldLevel(sgx, td, name));
    const levels = fc.array(level, { minLength: 1, maxLength: 5 });
    const tee = fc.constantFrom("sgx" as const, "tdx" as const);
    fc.assert(
      fc.property(tee, levels, fc.tuple(svn, svn), (kind, tcbLevels, [minor, microcode]) => {
        // Of a TD that knows no versions of its module: of others phala compares too much.
        const body = (bytes: Uint8Array) => kind === "tdx" && bytes.set([minor, 0, microcode]);
        const result = answer({
          tee: kind,
          body: (bytes) => void body(bytes),
          tcbInfo: (info) => ({ ...info, tcbLevels }),
        });
        if (result.ours === "TCB_LEVEL_UNKNOWN") expect(result.phala).toBe("refused");
        else expect(result.phala).toBe(result.ours);
      }),
      { numRuns: 60 },
    );
  });

  it("phala compares a TD's first two SVNs with the level", () => {
    const newer: WorldChange = { ...tdx, body: (bytes) => bytes.set([5, 1, 5]) };
    const older: WorldChange = { ...tdx, body: (bytes) => bytes.set([4, 1, 5]) };
    expect(answer(newer)).toEqual({ ours: "UpToDate", phala: "UpToDate" });
    // The module's identity calls this one outdated; phala never asks it, and takes another level by chance.
    expect(answer(older)).toEqual({ ours: "OutOfDate", phala: "OutOfDate" });
    const revoked: WorldChange = {
      ...tdx,
      body: (bytes) => bytes.set([1, 1, 5]),
    };
    expect(answer(revoked)).toEqual({ ours: "Revoked", phala: "OutOfDate" });
    // Of a module that TCB info does not know.
    const unknown: WorldChange = { ...tdx, body: (bytes) => bytes.set([5, 9, 5]) };
    expect(answer(unknown)).toEqual({ ours: "TDX_MODULE_REFUSED", phala: "UpToDate" });
  });

  it("phala demands SEPT_VE_DISABLE, which is a policy's business here", () => {
    const without: WorldChange = {
      ...tdx,
      body: (bytes) => {
        bytes.set([5, 0, 5]);
        bytes.set([0], 123);
      },
    };
    expect(answer(without)).toEqual({ ours: "UpToDate", phala: "refused" });
  });

  it("phala hands out no revoked platform; here it is a status, for the policy to refuse", () => {
    const revoked: WorldChange = {
      tcbInfo: (info) => ({
        ...info,
        tcbLevels: info.tcbLevels.map((level) => ({ ...level, tcbStatus: "Revoked" })),
      }),
    };
    expect(answer(revoked)).toEqual({ ours: "Revoked", phala: "refused" });
  });

  it("phala forgets what it does not know of TDX 1.5: that a TD may only need to start again", () => {
    const started: WorldChange = {
      ...tdx,
      version: 5,
      body: (bytes) => {
        bytes.set([3, 1, 5]);
        bytes.set([5, 1, 5], 584);
      },
    };
    expect(answer(started)).toEqual({ ours: "TDRelaunchAdvised", phala: "OutOfDate" });
  });
});
