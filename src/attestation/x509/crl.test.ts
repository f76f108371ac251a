import { describe, expect, it } from "vitest";
import { certificatesToPem } from "../../../enclave-sim/platform/write-certificate.ts";
import { codeOf } from "../../../test/support/code-of.ts";
import {
  bitString,
  der,
  explicit,
  extension,
  integer,
  sequence,
} from "../../../test/support/der-writer.ts";
import { WORLD_TIME, worldCertificate, worldCrl } from "../../../test/support/quote-world.ts";
import { parseCertificate } from "./certificate.ts";
import { parseCrl } from "./crl.ts";
import { createDerReader, DER } from "./der-reader.ts";
import { isSigned } from "./signed-by.ts";
import { verifyCrl } from "./verify-crl.ts";

const serial = Uint8Array.from([1, 2, 3, 0xff]);
const list = worldCrl("ca", { revoked: [serial] });
const ca = parseCertificate(worldCertificate("ca"));
const refused = (bytes: Uint8Array) => codeOf(() => parseCrl(bytes));

const reader = createDerReader(list, "it").enter(DER.sequence).enter(DER.sequence);
const fields: Uint8Array[] = [];
while (!reader.done()) fields.push(reader.any().raw);
const EXTENSIONS = fields.length - 1;
const REVOKED = fields.length - 2;
const assemble = (parts: readonly Uint8Array[]): Buffer =>
  sequence(sequence(...parts), parts[1] ?? new Uint8Array(), bitString(new Uint8Array(70)));
const withExtensions = (...more: readonly Uint8Array[]): Buffer =>
  assemble(fields.with(EXTENSIONS, explicit(0, sequence(...more))));
const number = extension("2.5.29.20", integer(7));
const entry = (more: Uint8Array): Uint8Array =>
  sequence(sequence(integer(5), fields[3] ?? new Uint8Array(), sequence(more)));

describe("a list of revoked certificates", () => {
  it("is read as it was written", () => {
    const crl = parseCrl(list);
    expect(crl).toMatchObject({
      number: 7n,
      thisUpdate: WORLD_TIME - 86_400_000,
      authorityKeyId: ca.subjectKeyId,
    });
    expect([...crl.revoked]).toEqual(["010203ff"]);
    expect(codeOf(() => verifyCrl(crl, ca, WORLD_TIME))).toBe("none");
    expect(parseCrl(worldCrl("ca")).revoked.size).toBe(0);
  });

  it("survives no flipped bit", () => {
    const accepted: number[] = [];
    for (let bit = 0; bit < 8 * list.length; bit++) {
      const changed = list.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const code = refused(changed);
      expect(["none", "CRL_INVALID"]).toContain(code);
      if (code === "none" && isSigned(parseCrl(changed), ca.publicKey)) accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a certificate", worldCertificate("ca")],
    ["PEM", Buffer.from(certificatesToPem(list))],
    ["bytes behind it", Buffer.concat([list, Buffer.of(0)])],
    ["version 1", assemble(fields.slice(1))],
    ["another version", assemble(fields.with(0, integer(2)))],
    ["no time of the next one", assemble(fields.toSpliced(4, 1))],
    ["no extensions", assemble(fields.slice(0, -1))],
    ["no number", withExtensions(extension("2.5.29.60", integer(1)))],
    ["a negative number", withExtensions(extension("2.5.29.20", Buffer.from("0201ff", "hex")))],
    ["only changes", withExtensions(number, extension("2.5.29.27", integer(1), true))],
    ["only a part", withExtensions(number, extension("2.5.29.28", sequence(), true))],
    [
      "entries of other issuers",
      assemble(fields.with(REVOKED, entry(extension("2.5.29.29", sequence(), true)))),
    ],
    ["nesting", sequence(Buffer.alloc(20_480, 0x30))],
    ["one byte more than is read", der(DER.sequence, new Uint8Array(1_048_577))],
  ])("is refused as %s", (_, bytes) => {
    expect(refused(bytes)).toBe("CRL_INVALID");
  });

  it("may give reasons and say more that is not critical", () => {
    const reason = entry(extension("2.5.29.21", der(DER.enumerated, Buffer.of(1)), true));
    expect(parseCrl(assemble(fields.with(REVOKED, reason))).revoked.has("05")).toBe(true);
    expect(refused(withExtensions(number, extension("1.2.3", integer(1))))).toBe("none");
  });

  it("is believed of its issuer only", () => {
    const crl = parseCrl(list);
    const code = (bytes: Uint8Array) =>
      codeOf(() => verifyCrl(crl, parseCertificate(bytes), WORLD_TIME));
    expect(code(worldCertificate("root"))).toBe("CRL_INVALID");
    // Its issuer's name and key, but no CA.
    expect(code(worldCertificate("ca", { pathLength: null }))).toBe("CRL_INVALID");
  });
});
