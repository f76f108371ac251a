import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { certificatesToPem } from "../../../enclave-sim/platform/write-certificate.ts";
import { codeOf } from "../../../test/support/code-of.ts";
import {
  bitString,
  der,
  explicit,
  extension,
  integer,
  oid,
  sequence,
} from "../../../test/support/der-writer.ts";
import { WORLD_TIME, worldCertificate } from "../../../test/support/quote-world.ts";
import { KEY_USAGE } from "./certificate-extensions.ts";
import { MAX_CERTIFICATE_BYTES, parseCertificate } from "./certificate.ts";
import { createDerReader, DER } from "./der-reader.ts";
import { MAX_CHAIN_LENGTH, MAX_PEM_LENGTH, parsePemChain } from "./pem-chain.ts";
import { isSigned } from "./signed-by.ts";

const pck = worldCertificate("pck");
const ca = parseCertificate(worldCertificate("ca"));
const refused = (bytes: Uint8Array) => codeOf(() => parseCertificate(bytes));

/** The fields of a certificate's signed part. */
const fieldsOf = (bytes: Uint8Array): Uint8Array[] => {
  const tbs = createDerReader(bytes, "it").enter(DER.sequence).enter(DER.sequence);
  const fields: Uint8Array[] = [];
  while (!tbs.done()) fields.push(tbs.any().raw);
  return fields;
};
const fields = fieldsOf(pck);
/** Put a certificate together; its signature is of no interest. */
const assemble = (
  parts: readonly Uint8Array[],
  algorithm: Uint8Array = parts[2] ?? new Uint8Array(),
): Buffer => sequence(sequence(...parts), algorithm, bitString(new Uint8Array(70)));
const EXTENSIONS = fields.length - 1;
const withExtensions = (...list: readonly Uint8Array[]): Buffer =>
  assemble(fields.with(EXTENSIONS, explicit(3, sequence(...list))));

describe("a certificate", () => {
  it("is read as it was written", () => {
    const certificate = parseCertificate(pck);
    expect(certificate).toMatchObject({
      name: "pck",
      isCa: false,
      pathLength: null,
      signatureAlgorithm: { scheme: "ecdsa", hash: "sha256" },
      publicKey: { kind: "ec", curve: "p256" },
      notAfter: WORLD_TIME + 1_000 * 86_400_000,
      authorityKeyId: ca.subjectKeyId,
    });
    expect(certificate.keyUsage?.(KEY_USAGE.digitalSignature)).toBe(true);
    expect(certificate.keyUsage?.(KEY_USAGE.keyCertSign)).toBe(false);
    expect(ca).toMatchObject({ isCa: true, pathLength: 0 });
    expect(isSigned(certificate, ca.publicKey)).toBe(true);
  });

  it("survives no flipped bit: it is not read, or its signature is wrong", () => {
    const accepted: number[] = [];
    for (let bit = 0; bit < 8 * pck.length; bit += 3) {
      const changed = pck.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const code = refused(changed);
      expect(["none", "CERTIFICATE_INVALID"]).toContain(code);
      if (code === "none" && isSigned(parseCertificate(changed), ca.publicKey)) accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it("is never looked for inside of other bytes, as Node does", () => {
    const pem = Buffer.from(`\n${certificatesToPem(pck)}`);
    const around = withExtensions(extension("1.3.6.1.4.1.99999.1", pem));
    // The trap: what Node reads is the certificate inside.
    expect(new X509Certificate(around).raw).toEqual(Buffer.from(pck));
    const read = parseCertificate(around);
    expect(read.der).toBe(around);
    expect(read.extensions.has("1.3.6.1.4.1.99999.1")).toBe(true);
    expect(isSigned(read, ca.publicKey)).toBe(false);
    expect(refused(pem)).toBe("CERTIFICATE_INVALID");
    expect(refused(der(DER.octetString, pem))).toBe("CERTIFICATE_INVALID");
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["bytes behind it", Buffer.concat([pck, Buffer.of(0)])],
    ["too many bytes", sequence(new Uint8Array(MAX_CERTIFICATE_BYTES))],
    ["version 1", assemble(fields.with(0, explicit(0, integer(0))))],
    ["no version", assemble(fields.slice(1))],
    ["a negative serial number", assemble(fields.with(1, Buffer.from("0201ff", "hex")))],
    ["a serial number of 21 bytes", assemble(fields.with(1, integer(new Uint8Array(21).fill(1))))],
    ["an issuer that is no name", assemble(fields.with(3, integer(1)))],
    ["another algorithm outside", assemble(fields, sequence(oid("1.2.840.10045.4.3.3")))],
    ["SHA-1", assemble(fields.with(2, sequence(oid("1.2.840.10045.4.1"))))],
    ["no extensions", assemble(fields.slice(0, -1))],
    ["an empty list of extensions", withExtensions()],
    ["an extension twice", withExtensions(extension("1.2.3", pck), extension("1.2.3", pck))],
    [
      "an extension that is not critical, written out",
      withExtensions(sequence(oid("1.2.3"), der(DER.boolean, Buffer.of(0)), der(4))),
    ],
    [
      "a path length without being a CA",
      withExtensions(extension("2.5.29.19", sequence(integer(0)))),
    ],
    ["a key usage without bits", withExtensions(extension("2.5.29.15", der(3, Buffer.of(0))))],
    [
      "nesting in an extension that is read",
      withExtensions(extension("2.5.29.19", Buffer.alloc(8_192, 0x30))),
    ],
  ])("is refused with %s", (_, bytes) => {
    expect(refused(bytes)).toBe("CERTIFICATE_INVALID");
  });

  it("is no CA and has no key usage unless it says so", () => {
    const bare = parseCertificate(withExtensions(extension("1.2.3", pck)));
    expect(bare).toMatchObject({ isCa: false, pathLength: null, keyUsage: null });
    expect(bare).toMatchObject({ subjectKeyId: null, authorityKeyId: null });
  });

  it.each<[string, Buffer]>([
    [
      "a compressed point",
      sequence(
        sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")),
        bitString(new Uint8Array(33).fill(2)),
      ),
    ],
    [
      "another curve",
      sequence(
        sequence(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")),
        bitString(new Uint8Array(65).fill(4)),
      ),
    ],
    [
      "a short RSA key",
      sequence(
        sequence(oid("1.2.840.113549.1.1.1"), der(5)),
        bitString(sequence(integer(new Uint8Array(128).fill(255)), integer(65_537))),
      ),
    ],
    [
      "an RSA exponent of one",
      sequence(
        sequence(oid("1.2.840.113549.1.1.1"), der(5)),
        bitString(sequence(integer(new Uint8Array(256).fill(255)), integer(1))),
      ),
    ],
    [
      "an algorithm for something else",
      sequence(sequence(oid("1.3.101.112"), der(5)), bitString(new Uint8Array(32))),
    ],
  ])("is refused with %s as its key", (_, key) => {
    expect(refused(assemble(fields.with(6, key)))).toBe("CERTIFICATE_INVALID");
  });
});

describe("a chain in PEM", () => {
  const pem = certificatesToPem(pck, ca.der);
  const refusedText = (text: string) => codeOf(() => parsePemChain(text));

  it("is read in its order, with either line end", () => {
    expect(parsePemChain(pem).map(({ name }) => name)).toEqual(["pck", "ca"]);
    expect(parsePemChain(pem.replaceAll("\n", "\r\n"))).toHaveLength(2);
    expect(parsePemChain(`\n${pem.trimEnd()}`)).toHaveLength(2);
  });

  it.each([
    ["nothing", ""],
    ["text before it", `x${pem}`],
    ["text between", pem.replace("-----\n-----", "-----\nx\n-----")],
    ["text behind", `${pem}x`],
    ["no end", pem.slice(0, -10)],
    ["another kind of block", pem.replaceAll("CERTIFICATE", "X509 CRL")],
    ["a space in a line", pem.replace("\nM", "\n M")],
    ["a long line", pem.replace(/([A-Za-z0-9+/]{64})\n/, "$1")],
    ["padding in the middle", pem.replace(/\n(.{62})..\n/, "\n$1==\n")],
    ["too many", certificatesToPem(...Array<Uint8Array>(MAX_CHAIN_LENGTH + 1).fill(pck))],
    ["too much", "\n".repeat(MAX_PEM_LENGTH + 1)],
  ])("is refused with %s", (_, text) => {
    expect(refusedText(text)).toBe("CERTIFICATE_INVALID");
  });
});
