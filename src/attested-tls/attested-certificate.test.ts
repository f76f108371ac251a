import { generateKeyPairSync, X509Certificate } from "node:crypto";
import fc from "fast-check";
import forge from "node-forge";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../crypto/base64.ts";
import { digestOf } from "../crypto/hashes.ts";
import { wrapEvidence } from "./evidence-wrapper.ts";
import { readAttestedCertificate } from "./read-attested-certificate.ts";
import { certificateToPem, writeAttestedCertificate } from "./write-attested-certificate.ts";

const AT = Date.UTC(2026, 5, 1);
const EVIDENCE = { type: "application/x-test", body: encodeBase64(Buffer.from("evidence")) };
const makeKey = (namedCurve = "P-256") => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  const spki = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }));
  return { privateKey, spki };
};
const key = makeKey();
const facts = { ...key, wrapper: wrapEvidence(EVIDENCE), notBefore: AT, notAfter: AT + 86_400_000 };
const der = writeAttestedCertificate(facts);
const codeOf = (bytes: Uint8Array): string => {
  try {
    readAttestedCertificate(bytes);
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("an attested certificate", () => {
  it("is one that OpenSSL reads, with our key, our times and our own signature", () => {
    const read = new X509Certificate(certificateToPem(der));
    expect(read.subject).toBe("CN=cryptlet attested TLS");
    expect(read.issuer).toBe(read.subject);
    expect(read.ca).toBe(false);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(Date.parse(read.validFrom)).toBe(AT);
    expect(Date.parse(read.validTo)).toBe(AT + 86_400_000);
    expect(Uint8Array.from(read.raw)).toEqual(der);
  });

  it("gives back key, evidence and times", () => {
    const read = readAttestedCertificate(der);
    expect(read).toMatchObject({ evidence: EVIDENCE, notBefore: AT, notAfter: AT + 86_400_000 });
    expect(read.key).toMatchObject({ suite: "p256-sha256", keyid: digestOf(key.spki) });
  });

  it("writes times from 2050 on as RFC 5280 asks", () => {
    const late = { ...facts, notAfter: Date.UTC(2060, 0, 1) };
    expect(readAttestedCertificate(writeAttestedCertificate(late)).notAfter).toBe(late.notAfter);
  });

  it("is refused without evidence, on another curve and under another key's signature", () => {
    const foreign = { ...facts, privateKey: makeKey().privateKey };
    expect(codeOf(writeAttestedCertificate({ ...facts, wrapper: null }))).toBe(
      "PEER_CERTIFICATE_REFUSED",
    );
    expect(codeOf(writeAttestedCertificate({ ...facts, ...makeKey("P-384") }))).toBe(
      "PEER_CERTIFICATE_REFUSED",
    );
    expect(codeOf(writeAttestedCertificate(foreign))).toBe("PEER_CERTIFICATE_REFUSED");
  });

  it("is refused after a change of any byte", () => {
    for (let at = 0; at < der.length; at++) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect([at, codeOf(changed)]).toEqual([at, "PEER_CERTIFICATE_REFUSED"]);
    }
  });

  it("throws nothing but its code for whatever bytes, and for pieces of a good one put together anew", () => {
    const piece = fc.tuple(fc.nat(der.length), fc.nat(der.length));
    const shuffled = fc
      .array(piece, { maxLength: 4 })
      .map((pieces) =>
        Uint8Array.from(Buffer.concat(pieces.map(([from, to]) => der.slice(from, to)))),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), shuffled), (bytes) => {
        const same = Buffer.compare(bytes, der) === 0;
        expect(codeOf(bytes)).toBe(same ? "none" : "PEER_CERTIFICATE_REFUSED");
      }),
    );
  });

  it("is refused when cut, lengthened, or when it is an ordinary one", () => {
    const rsa = forge.pki.rsa.generateKeyPair(1_024);
    const plain = forge.pki.createCertificate();
    plain.publicKey = rsa.publicKey;
    plain.sign(rsa.privateKey, forge.md.sha256.create());
    const bytes = forge.asn1.toDer(forge.pki.certificateToAsn1(plain)).getBytes();
    for (const wrong of [
      new Uint8Array(),
      der.slice(0, -1),
      Uint8Array.from([...der, 0]),
      Uint8Array.from(Buffer.from(bytes, "binary")),
      new Uint8Array(200_000),
    ])
      expect(codeOf(wrong)).toBe("PEER_CERTIFICATE_REFUSED");
  });
});
