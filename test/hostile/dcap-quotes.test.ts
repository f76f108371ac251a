import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSimulatedPlatform } from "../../enclave-sim/platform/simulated-platform.ts";
import { certificatesToPem, spkiOf } from "../../enclave-sim/platform/write-certificate.ts";
import { INTEL_SGX_ROOT } from "../../src/attestation/dcap/intel-root.ts";
import { verifyDcapQuote } from "../../src/attestation/dcap/verify-dcap-quote.ts";
import type { EvidenceClaims } from "../../src/attestation/evidence-claims.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { parseCertificate } from "../../src/attestation/x509/certificate.ts";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { codeOf } from "../support/code-of.ts";
import { extension } from "../support/der-writer.ts";
import { readQuoteCase } from "../support/quote-cases.ts";
import {
  WORLD_TIME,
  type WorldChange,
  worldAnchor,
  worldCertificate,
  worldCrl,
  worldEvidence,
  worldExtension,
  worldKeys,
} from "../support/quote-world.ts";
import { haveSharedEvidence } from "../support/shared-evidence.ts";

interface Subject {
  readonly name: string;
  readonly quote: Uint8Array;
  readonly collateral: unknown;
  readonly anchors: readonly TrustAnchor[];
  readonly at: number;
}

const judge = (subject: Subject): EvidenceClaims => verifyDcapQuote(subject.quote, subject);

/** The claims, or the code of the refusal. Anything else that is thrown fails the test. */
const answer = (subject: Subject): EvidenceClaims | string => {
  try {
    return judge(subject);
  } catch (error) {
    if (isFabricError(error)) return error.code;
    throw error;
  }
};

const worldSubject = (change: WorldChange, name = "world"): Subject => ({
  name,
  ...worldEvidence(change),
  anchors: [worldAnchor()],
  at: WORLD_TIME,
});
const real = haveSharedEvidence("hostile changes of real quotes")
  ? ["phala-sgx", "phala-tdx", "go-tdx-cos-113-v4-00806f05-oct-2025"].map((folder): Subject => ({
      name: folder,
      ...readQuoteCase(folder),
      anchors: [INTEL_SGX_ROOT],
    }))
  : [];
const subjects: readonly Subject[] = [
  ...real,
  worldSubject({ tee: "sgx" }, "world, version 3"),
  worldSubject({ tee: "tdx" }, "world, version 4"),
  worldSubject({ tee: "tdx", version: 5 }, "world, version 5"),
];

const flip = (bytes: Uint8Array, at: number, mask: number): Uint8Array =>
  bytes.with(at, (bytes[at] ?? 0) ^ mask);

describe.each(subjects)("a quote ($name)", (subject) => {
  const { quote } = subject;

  it("is refused with any byte changed", () => {
    const accepted: number[] = [];
    for (let at = 0; at < quote.length; at++)
      if (typeof answer({ ...subject, quote: flip(quote, at, 1 << (at & 7)) }) !== "string")
        accepted.push(at);
    expect(accepted).toEqual([]);
  });

  it("is refused cut off anywhere in what counts, and with anything but zeros behind it", () => {
    const end = quote.findLastIndex((byte) => byte !== 0) + 1;
    for (let length = 0; length < end; length += 7)
      expect(answer({ ...subject, quote: quote.subarray(0, length) })).toBe("QUOTE_MALFORMED");
    const padded = new Uint8Array(quote.length + 100);
    padded.set(quote);
    expect(answer({ ...subject, quote: padded })).toEqual(judge(subject));
    expect(answer({ ...subject, quote: flip(padded, quote.length + 50, 1) })).toBe(
      "QUOTE_MALFORMED",
    );
    expect(answer({ ...subject, quote: new Uint8Array(65_537) })).toBe("QUOTE_MALFORMED");
  });

  it("keeps its id when a signature is replaced by its twin", () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const version = quote[0] ?? 0;
    const body = quote[4] === 0x81 ? (version === 5 ? 6 + 648 : 584) : 384;
    const s = quote.subarray(48 + body + 4 + 32, 48 + body + 4 + 64);
    const twin = (order - BigInt(`0x${bytesToHex(s)}`)).toString(16).padStart(64, "0");
    const other = quote.slice();
    other.set(hexToBytes(twin), 48 + body + 4 + 32);
    expect(other).not.toEqual(quote);
    expect(answer({ ...subject, quote: other })).toEqual(judge(subject));
  });

  it("is refused without collateral, with some of it, and with collateral of another form", () => {
    const whole = subject.collateral as Readonly<Record<string, string>>;
    expect(answer({ ...subject, collateral: null })).toBe("COLLATERAL_MISSING");
    expect(answer({ ...subject, collateral: undefined })).toBe("COLLATERAL_MISSING");
    for (const other of [[], "x", 1, {}, { ...whole, extra: "x" }])
      expect(answer({ ...subject, collateral: other })).toBe("COLLATERAL_INVALID");
    for (const part of Object.keys(whole)) {
      const { [part]: _left, ...rest } = whole;
      expect([part, answer({ ...subject, collateral: rest })]).toEqual([
        part,
        "COLLATERAL_INVALID",
      ]);
      for (const value of [null, 1, [whole[part]], "x", " "])
        expect(typeof answer({ ...subject, collateral: { ...whole, [part]: value } })).toBe(
          "string",
        );
      if (part !== "pck_crl_issuer_chain")
        expect(answer({ ...subject, collateral: { ...whole, [part]: "" } })).toBe(
          "COLLATERAL_INVALID",
        );
    }
  });

  it("has the same claims or none with any character of the collateral changed", () => {
    const whole = subject.collateral as Readonly<Record<string, string>>;
    const claims = judge(subject);
    for (const [part, text] of Object.entries(whole))
      for (let at = 0; at < text.length; at += 5) {
        const character = String.fromCharCode(text.charCodeAt(at) ^ (1 << (at % 7)));
        const changed = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
        const result = answer({ ...subject, collateral: { ...whole, [part]: changed } });
        // The digits a to f have two cases; every other change is a refusal.
        const sameBytes = changed.toLowerCase() === text.toLowerCase();
        if (typeof result !== "string") {
          expect([part, at, sameBytes]).toEqual([part, at, true]);
          expect(result).toEqual(claims);
        }
      }
  });

  it("is judged at a time that all of it covers, to the second", () => {
    const { validFrom, validUntil } = judge(subject);
    expect(typeof answer({ ...subject, at: validFrom })).toBe("object");
    expect(typeof answer({ ...subject, at: validUntil })).toBe("object");
    expect(answer({ ...subject, at: validFrom - 1 })).toMatch(/_EXPIRED$/);
    expect(answer({ ...subject, at: validUntil + 1 })).toMatch(/_EXPIRED$/);
    for (const at of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(typeof answer({ ...subject, at })).toBe("string");
  });
});

describe("any bytes", () => {
  it("are refused with a code", () => {
    const [subject = worldSubject({})] = subjects;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(answer({ ...subject, quote: bytes })).toBe("QUOTE_MALFORMED");
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (collateral) => {
        expect(answer({ ...subject, collateral })).toMatch(/^COLLATERAL_(INVALID|MISSING)$/);
      }),
      { numRuns: 200 },
    );
  });
});

describe("simulated and real", () => {
  it("never stand for each other, whatever the evidence says of itself", () => {
    const simulated = worldSubject({});
    expect(judge(simulated).simulated).toBe(true);
    expect(answer({ ...simulated, anchors: [worldAnchor(false)] })).toBe("QUOTE_VENDOR_REFUSED");
    expect(answer({ ...simulated, anchors: [INTEL_SGX_ROOT] })).toBe("CERTIFICATE_ROOT_UNKNOWN");
    const intel = hexToBytes("939a7233f79c4ca9940a0db3957f0607");
    const header = (bytes: Uint8Array) => bytes.set(intel, 12);
    expect(answer(worldSubject({ header }))).toBe("QUOTE_VENDOR_REFUSED");
    // The vendor of hardware under an anchor of hardware, with the simulator's FMSPC.
    expect(answer({ ...worldSubject({ header }), anchors: [worldAnchor(false)] })).toBe(
      "QUOTE_VENDOR_REFUSED",
    );
    expect(answer(worldSubject({ header: (bytes) => bytes.fill(0, 12, 28) }))).toBe(
      "QUOTE_VENDOR_REFUSED",
    );
    const realFmspc = certificatesToPem(
      worldCertificate("pck", { extensions: [worldExtension(undefined, "00606a000000")] }),
      worldCertificate("ca"),
      worldCertificate("root"),
    );
    expect(answer(worldSubject({ pckChain: realFmspc }))).toBe("QUOTE_VENDOR_REFUSED");
  });

  it("never, even when a simulator's root is listed as hardware and signs what hardware would say", () => {
    const under = (name: string) => {
      const root = worldCertificate("root", { subject: name, issuer: name });
      const ca = worldCertificate("ca", { issuer: name });
      const pck = worldCertificate("pck", {
        extensions: [worldExtension(undefined, "00606a000000")],
      });
      const signing = certificatesToPem(worldCertificate("signing", { issuer: name }), root);
      const forged = worldSubject({
        header: (bytes) => bytes.set(hexToBytes("939a7233f79c4ca9940a0db3957f0607"), 12),
        tcbInfo: (info) => ({ ...info, fmspc: "00606A000000" }),
        pckChain: certificatesToPem(pck, ca, root),
        collateral: {
          pck_crl_issuer_chain: "",
          root_ca_crl: bytesToHex(worldCrl("root", { issuer: name })),
          tcb_info_issuer_chain: signing,
          qe_identity_issuer_chain: signing,
        },
      });
      return answer({ ...forged, anchors: [{ ...worldAnchor(false), certificate: root }] });
    };
    // Whose root it is decides the verifier alone; only a simulator's own name says something else.
    expect(under("a vendor")).toMatchObject({ simulated: false });
    const { root } = createSimulatedPlatform(new Uint8Array(32), {
      createdAt: WORLD_TIME,
      nodeVersion: process.versions.node,
    });
    expect(under(parseCertificate(root).name)).toBe("QUOTE_VENDOR_REFUSED");
  });

  it.runIf(real.length > 0)("hardware is refused under a simulated anchor", () => {
    for (const subject of real)
      expect(answer({ ...subject, anchors: [{ ...INTEL_SGX_ROOT, simulated: true }] })).toBe(
        "QUOTE_VENDOR_REFUSED",
      );
  });

  it("do not lend each other collateral", () => {
    // Two anchors are believed; the collateral of one judges no platform of the other.
    const other = parseCertificate(
      worldCertificate(
        "root",
        { publicKey: spkiOf(worldKeys.attestation), subject: "other", issuer: "other" },
        worldKeys.attestation,
      ),
    );
    const anchors = [
      worldAnchor(),
      { ...worldAnchor(false), name: "other", certificate: other.der },
    ];
    const signing = worldCertificate("signing", { issuer: "other" }, worldKeys.attestation);
    const chain = certificatesToPem(signing, other.der);
    const change = { collateral: { tcb_info_issuer_chain: chain } };
    expect(answer({ ...worldSubject(change), anchors })).toBe("CERTIFICATE_ROOT_UNKNOWN");
    expect(typeof answer({ ...worldSubject({}), anchors })).toBe("object");
  });
});

describe("links of the chain", () => {
  const chainOf = (...certificates: readonly Uint8Array[]) =>
    worldSubject({ pckChain: certificatesToPem(...certificates) });
  const pck = worldCertificate("pck");
  const ca = worldCertificate("ca");
  const root = worldCertificate("root");

  it("has no platform that certifies another", () => {
    const fake = worldCertificate(
      "pck",
      { subject: "fake", issuer: "pck", publicKey: spkiOf(worldKeys.attestation) },
      worldKeys.pck,
    );
    const change = {
      pckChain: certificatesToPem(fake, pck, ca, root),
      pckKey: worldKeys.attestation,
    };
    expect(answer(worldSubject(change))).toBe("CERTIFICATE_CHAIN_REFUSED");
  });

  it("has no certificate that stands for something else than it was issued for", () => {
    const signing = worldCertificate("signing");
    const asPck = {
      pckChain: certificatesToPem(signing, root),
      pckKey: worldKeys.signing,
    };
    expect(answer(worldSubject(asPck))).toBe("CERTIFICATE_CHAIN_REFUSED");
    // A platform signs the TCB info that judges it.
    const byPck = {
      signingKey: worldKeys.pck,
      collateral: {
        tcb_info_issuer_chain: certificatesToPem(pck, ca, root),
        qe_identity_issuer_chain: certificatesToPem(pck, ca, root),
      },
    };
    expect(answer(worldSubject(byPck))).toMatch(/^(CRL_MISSING|CERTIFICATE_CHAIN_REFUSED)$/);
    const direct = worldCertificate("pck", { issuer: "root" }, worldKeys.root);
    const byDirect = {
      signingKey: worldKeys.pck,
      collateral: { tcb_info_issuer_chain: certificatesToPem(direct, root) },
    };
    expect(answer(worldSubject(byDirect))).toBe("CERTIFICATE_CHAIN_REFUSED");
    const byCa = {
      signingKey: worldKeys.ca,
      collateral: { tcb_info_issuer_chain: certificatesToPem(ca, root) },
    };
    expect(answer(worldSubject(byCa))).toBe("CERTIFICATE_CHAIN_REFUSED");
  });

  it("needs the platform's certificate to be one", () => {
    const bare = worldCertificate("pck", { extensions: [] });
    expect(answer(chainOf(bare, ca, root))).toBe("CERTIFICATE_INVALID");
    expect(answer(chainOf(pck, ca))).toMatchObject({ tee: "sgx" });
    expect(answer(chainOf(pck, root))).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(answer(worldSubject({ pckChain: "" }))).toBe("CERTIFICATE_INVALID");
    expect(answer(worldSubject({ pckKey: worldKeys.attestation }))).toBe("QE_REFUSED");
  });

  it("does not read a certificate out of the inside of another one", () => {
    const pem = Buffer.from(`\n${certificatesToPem(pck)}`);
    const around = worldCertificate(
      "pck",
      { publicKey: spkiOf(worldKeys.attestation) },
      worldKeys.attestation,
    );
    // Behind the DER, as text that Node's parser would find first.
    const both = Buffer.concat([around, extension("1.2.3", pem)]);
    expect(answer(chainOf(both, ca, root))).toBe("CERTIFICATE_INVALID");
    expect(answer(chainOf(pem, ca, root))).toBe("CERTIFICATE_INVALID");
    expect(answer(chainOf(around, ca, root))).toBe("CERTIFICATE_CHAIN_REFUSED");
  });
});

describe("lists of revoked certificates", () => {
  const withList = (part: "root_ca_crl" | "pck_crl", list: Uint8Array) =>
    answer(worldSubject({ collateral: { [part]: bytesToHex(list) } }));
  const serialOf = (der: Uint8Array) => hexToBytes(parseCertificate(der).serial.padStart(32, "0"));

  it("revoke every link", () => {
    const revokes = (link: "ca" | "pck" | "signing") => ({
      revoked: [serialOf(worldCertificate(link))],
    });
    expect(withList("pck_crl", worldCrl("ca", revokes("pck")))).toBe("CERTIFICATE_REVOKED");
    expect(withList("root_ca_crl", worldCrl("root", revokes("ca")))).toBe("CERTIFICATE_REVOKED");
    expect(withList("root_ca_crl", worldCrl("root", revokes("signing")))).toBe(
      "CERTIFICATE_REVOKED",
    );
  });

  it("are believed only if they are the issuer's own, signed and of the time", () => {
    expect(withList("pck_crl", worldCrl("root"))).toBe("CRL_MISSING");
    expect(withList("root_ca_crl", worldCrl("ca"))).toBe("CRL_MISSING");
    expect(withList("pck_crl", worldCrl("ca", {}, worldKeys.pck))).toBe("CRL_INVALID");
    const named = { issuerPublicKey: spkiOf(worldKeys.ca) };
    expect(withList("pck_crl", worldCrl("ca", named, worldKeys.pck))).toBe("CRL_INVALID");
    expect(withList("pck_crl", worldCrl("ca", { nextUpdate: WORLD_TIME - 1_000 }))).toBe(
      "CRL_EXPIRED",
    );
    expect(withList("root_ca_crl", worldCrl("root", { thisUpdate: WORLD_TIME + 1_000 }))).toBe(
      "CRL_EXPIRED",
    );
    for (const empty of [
      new Uint8Array(),
      Uint8Array.of(0x30, 0),
      new Uint8Array(20_480).fill(0x30),
    ])
      expect(withList("pck_crl", empty)).toBe("COLLATERAL_INVALID");
  });

  it("come with the chain of their own issuer or with none", () => {
    const withChain = (chain: string) =>
      answer(worldSubject({ collateral: { pck_crl_issuer_chain: chain } }));
    expect(withChain("")).toMatchObject({ tee: "sgx" });
    const root = worldCertificate("root");
    expect(withChain(certificatesToPem(worldCertificate("ca")))).toMatchObject({ tee: "sgx" });
    expect(withChain(certificatesToPem(root))).toBe("COLLATERAL_INVALID");
    expect(withChain(certificatesToPem(worldCertificate("pck"), root))).toBe("COLLATERAL_INVALID");
    const otherKey = worldCertificate("ca", { publicKey: spkiOf(worldKeys.pck) });
    expect(withChain(certificatesToPem(otherKey, root))).toBe("COLLATERAL_INVALID");
    const selfMade = worldCertificate("ca", {}, worldKeys.pck);
    expect(withChain(certificatesToPem(selfMade, root))).toBe("COLLATERAL_INVALID");
    const otherRoot = worldCertificate("root", { serial: Uint8Array.of(9) });
    expect(withChain(certificatesToPem(worldCertificate("ca"), otherRoot))).toBe(
      "COLLATERAL_INVALID",
    );
  });
});

describe("TCB info and identity", () => {
  const change = (tcbInfo: WorldChange["tcbInfo"], tee: "sgx" | "tdx" = "sgx") =>
    answer(worldSubject({ tee, ...(tcbInfo && { tcbInfo }) }));

  it("are verified as they are written", () => {
    const { quote, collateral } = worldEvidence();
    const rewritten = JSON.stringify(JSON.parse(collateral.tcb_info), null, 1);
    const spaced = { ...collateral, tcb_info: rewritten };
    expect(codeOf(() => judge({ ...worldSubject({}), quote, collateral: spaced }))).toBe(
      "COLLATERAL_INVALID",
    );
    const swapped = { ...collateral, tcb_info_signature: collateral.qe_identity_signature };
    expect(codeOf(() => judge({ ...worldSubject({}), quote, collateral: swapped }))).toBe(
      "COLLATERAL_INVALID",
    );
  });

  it.each<[string, (info: object) => object]>([
    ["an unknown field", (info) => ({ ...info, more: 1 })],
    ["version 2", (info) => ({ ...info, version: 2 })],
    ["another type", (info) => ({ ...info, tcbType: 1 })],
    ["no levels", (info) => ({ ...info, tcbLevels: [] })],
    ["a time that is none", (info) => ({ ...info, issueDate: "2026-13-01T00:00:00Z" })],
    ["a time with an offset", (info) => ({ ...info, issueDate: "2026-01-01T00:00:00+01:00" })],
  ])("are refused with %s, though signed", (_, tcbInfo) => {
    expect(change(tcbInfo)).toBe("COLLATERAL_INVALID");
  });

  it("have no key twice, though signed", () => {
    const { quote, collateral } = worldEvidence();
    const twice = collateral.tcb_info.replace('"id":"SGX"', '"id":"TDX","id":"SGX"');
    const signature = worldKeys.signing.sign(new TextEncoder().encode(twice));
    const signed = { ...collateral, tcb_info: twice, tcb_info_signature: bytesToHex(signature) };
    expect(answer({ ...worldSubject({}), quote, collateral: signed })).toBe("COLLATERAL_INVALID");
  });

  it("are of this platform and this kind of TEE", () => {
    expect(change((info) => ({ ...info, fmspc: "53494d000001" }))).toBe("COLLATERAL_MISMATCH");
    expect(change((info) => ({ ...info, pceId: "0001" }))).toBe("COLLATERAL_MISMATCH");
    expect(change((info) => ({ ...info, id: "TDX" }))).toBe("COLLATERAL_MISMATCH");
    expect(change((info) => ({ ...info, id: "SGX" }), "tdx")).toBe("COLLATERAL_MISMATCH");
    const identity: WorldChange["identity"] = (data) => ({ ...data, id: "TD_QE" });
    expect(answer(worldSubject({ identity }))).toBe("COLLATERAL_MISMATCH");
  });

  it("are of the time", () => {
    expect(change((info) => ({ ...info, nextUpdate: "2026-01-14T00:00:00Z" }))).toBe(
      "COLLATERAL_EXPIRED",
    );
    const identity: WorldChange["identity"] = (data) => ({
      ...data,
      issueDate: "2026-01-16T00:00:00Z",
    });
    expect(answer(worldSubject({ identity }))).toBe("COLLATERAL_EXPIRED");
  });
});

describe("the quoting enclave", () => {
  const changed = (qeReport: (report: Uint8Array) => void) => answer(worldSubject({ qeReport }));

  it.each<[string, (report: Uint8Array) => void]>([
    ["another MISCSELECT", (report) => report.set([1], 16)],
    ["debug", (report) => report.set([0x17], 48)],
    ["another signer", (report) => report.set([0], 128)],
    ["another product", (report) => report.set([9], 256)],
    ["another attestation key", (report) => report.set([0], 320)],
    ["something behind the key's hash", (report) => report.set([1], 352)],
  ])("is refused with %s", (_, qeReport) => {
    expect(changed(qeReport)).toBe("QE_REFUSED");
  });

  it("is another for each kind of TEE", () => {
    const sgx = (report: Uint8Array) => report.set([1], 256);
    expect(answer(worldSubject({ tee: "tdx", qeReport: sgx }))).toBe("QE_REFUSED");
  });
});

describe("debug", () => {
  it("is a claim, for the policy to refuse", () => {
    const sgx = worldSubject({ body: (body) => body.set([0x07], 48) });
    expect(judge(sgx).debug).toBe(true);
    expect(judge(worldSubject({})).debug).toBe(false);
    const td = (attributes: number) =>
      judge(worldSubject({ tee: "tdx", body: (body) => body.set([attributes], 120) })).debug;
    expect(td(0)).toBe(false);
    // Not only the bit that exists: the group of bits means that the TD is not protected.
    for (const attributes of [0x01, 0x02, 0x80]) expect(td(attributes)).toBe(true);
  });
});
