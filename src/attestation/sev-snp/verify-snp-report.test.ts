import { expect, test } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { createSnpFixture, type SnpFixture } from "../../../test/support/snp-fixture.ts";
import { verifySnpReport, type SnpOptions } from "./verify-snp-report.ts";

const fixture = createSnpFixture();
const options = (change: Partial<SnpOptions> = {}, of: SnpFixture = fixture): SnpOptions => ({
  anchors: [of.anchor],
  collateral: of.collateral,
  at: of.at,
  ...change,
});
const verify = (change: (bytes: Buffer) => void, more: Partial<SnpOptions> = {}) =>
  codeOf(() => verifySnpReport(fixture.report(change), options(more)));

test("a report of a known chip gives its claims", () => {
  const { claims, line, key, tcb, revocationChecked } = verifySnpReport(
    fixture.report(),
    options(),
  );
  expect(claims).toMatchObject({
    tee: "sev-snp",
    simulated: true,
    debug: false,
    measurement: "3e".repeat(48),
    reportData: "da".repeat(64),
    signer: "1d".repeat(48),
    platform: "c1".repeat(64),
    svn: 2,
    tcb: { status: null },
  });
  expect([line, key, revocationChecked]).toEqual(["Milan", "vcek", true]);
  expect(tcb.reported).toEqual({ fmc: 0, bootloader: 3, tee: 0, snp: 8, microcode: 115 });
  expect(claims.validUntil).toBe(fixture.at + 30 * 86_400_000);
});

test("the anchor alone says whether it is simulated", () => {
  const real = { ...fixture.anchor, simulated: false };
  expect(verifySnpReport(fixture.report(), options({ anchors: [real] })).claims.simulated).toBe(
    false,
  );
});

test("a cloud's key names its cloud instead of a chip", () => {
  const cloud = createSnpFixture(true, "vlek");
  const { claims, key } = verifySnpReport(cloud.report(), options({}, cloud));
  expect([key, claims.platform]).toEqual(["vlek", "vlek:CN=cloud.example"]);
  // A report that says it was signed by a chip's key.
  const liar = cloud.report((bytes) => bytes.writeUInt32LE(0, 0x48));
  expect(codeOf(() => verifySnpReport(liar, options({}, cloud)))).toBe("EVIDENCE_KEY_MISMATCH");
});

test("a guest that allows debugging is authentic and says so", () => {
  const debugged = fixture.report((bytes) => bytes.writeBigUInt64LE(0xb_0000n, 8));
  expect(verifySnpReport(debugged, options()).claims.debug).toBe(true);
});

test.each<[string, string, (bytes: Buffer) => void]>([
  ["version 1", "EVIDENCE_MALFORMED", (b) => b.writeUInt32LE(1, 0)],
  ["version 6", "EVIDENCE_MALFORMED", (b) => b.writeUInt32LE(6, 0)],
  ["another algorithm", "EVIDENCE_MALFORMED", (b) => b.writeUInt32LE(2, 0x34)],
  [
    "a report that the host asked for",
    "EVIDENCE_MALFORMED",
    (b) => b.writeUInt32LE(2 ** 32 - 1, 0x30),
  ],
  ["a report that no key signed", "EVIDENCE_MALFORMED", (b) => b.writeUInt32LE(7 << 2, 0x48)],
  ["a policy without its fixed bit", "EVIDENCE_MALFORMED", (b) => b.writeBigUInt64LE(0x1_0000n, 8)],
  ["a policy of the future", "EVIDENCE_MALFORMED", (b) => b.writeBigUInt64LE(0x83_0000n << 8n, 8)],
  ["another chip", "EVIDENCE_KEY_MISMATCH", (b) => b.fill(0xc2, 0x1a0, 0x1e0)],
  ["a chip that hides itself", "EVIDENCE_KEY_MISMATCH", (b) => b.fill(0, 0x1a0, 0x1e0)],
  ["a higher reported TCB", "EVIDENCE_KEY_MISMATCH", (b) => b.writeUInt8(116, 0x187)],
  ["a lower reported TCB", "EVIDENCE_KEY_MISMATCH", (b) => b.writeUInt8(114, 0x187)],
  ["a reserved TCB byte", "EVIDENCE_MALFORMED", (b) => b.writeUInt8(1, 0x183)],
  ["committed below reported", "EVIDENCE_MALFORMED", (b) => b.writeUInt8(7, 0x1e6)],
  ["current below committed", "EVIDENCE_MALFORMED", (b) => b.writeUInt8(7, 0x3e)],
  ["a launch above current", "EVIDENCE_MALFORMED", (b) => b.writeUInt8(9, 0x1f6)],
  ["a Genoa processor", "EVIDENCE_KEY_MISMATCH", (b) => b.writeUInt8(0x11, 0x189)],
])("%s is refused with %s though the key signed it", (_name, code, change) => {
  expect(verify(change)).toBe(code);
});

test("provisional firmware above the committed one is what it is judged below", () => {
  const newer = fixture.report((bytes) => bytes.writeUInt8(9, 0x3e));
  const { tcb } = verifySnpReport(newer, options());
  expect([tcb.reported.snp, tcb.committed.snp, tcb.current.snp]).toEqual([8, 8, 9]);
});

test("revocation that cannot be looked up is a refusal unless it is allowed by name", () => {
  const collateral = { ...fixture.collateral, crls: [] };
  expect(verify(() => {}, { collateral })).toBe("CRL_MISSING");
  const allowed = options({ collateral, allowMissingRevocation: true });
  expect(verifySnpReport(fixture.report(), allowed).revocationChecked).toBe(false);
});

test.each([true, false])("a wrong list is refused, allowance %s", (allowMissingRevocation) => {
  const { at, crl, collateral, crlDer } = fixture;
  const forged = Buffer.from(crlDer);
  forged.writeUInt8((forged.at(-1) ?? 0) ^ 1, forged.length - 1);
  const cases: readonly [string, string][] = [
    [crl({ revoked: [7] }), "CERTIFICATE_REVOKED"],
    [crl({ nextUpdate: at - 1_000 }), "CRL_EXPIRED"],
    [crl({ thisUpdate: at + 1_000 }), "CRL_EXPIRED"],
    [forged.toString("base64"), "CRL_INVALID"],
    ["AAAA", "CRL_INVALID"],
    ["%", "COLLATERAL_INVALID"],
  ];
  for (const [list, code] of cases) {
    const change = { allowMissingRevocation, collateral: { ...collateral, crls: [list] } };
    expect([code, verify(() => {}, change)]).toEqual([code, code]);
  }
  // The list of somebody else says nothing about these certificates.
  const foreign = { ...collateral, crls: [createSnpFixture().crl({ revoked: [7] })] };
  expect(verify(() => {}, { collateral: foreign })).toBe("CRL_INVALID");
});

test("a chain of the wrong parts is refused", () => {
  const { askDer, vekDer, collateral, anchor } = fixture;
  const other = createSnpFixture();
  const withCertificates = (...certificates: readonly Buffer[]) => ({
    collateral: { ...collateral, certificates: certificates.map((der) => der.toString("base64")) },
  });
  const cases: readonly [Partial<SnpOptions>, string][] = [
    [withCertificates(vekDer), "COLLATERAL_INVALID"],
    [withCertificates(askDer), "COLLATERAL_INVALID"],
    [withCertificates(vekDer, other.vekDer, askDer), "COLLATERAL_INVALID"],
    [withCertificates(vekDer, other.askDer), "CERTIFICATE_ROOT_UNKNOWN"],
    [withCertificates(other.vekDer, askDer), "CERTIFICATE_CHAIN_REFUSED"],
    [{ anchors: [other.anchor] }, "CERTIFICATE_ROOT_UNKNOWN"],
    [{ anchors: [] }, "CERTIFICATE_ROOT_UNKNOWN"],
    [{ anchors: [{ ...anchor, vendor: "intel" }] }, "CERTIFICATE_ROOT_UNKNOWN"],
    [{ at: fixture.at + 400 * 86_400_000 }, "CERTIFICATE_EXPIRED"],
  ];
  for (const [change, code] of cases) expect(verify(() => {}, change)).toBe(code);
});

test("the key of another report, or nobody's, does not sign", () => {
  const bytes = fixture.report();
  const [zero, foreign] = [bytes.slice(), createSnpFixture().report()];
  zero.fill(0, 0x2a0);
  for (const wrong of [zero, foreign])
    expect(codeOf(() => verifySnpReport(wrong, options()))).toBe("EVIDENCE_SIGNATURE_WRONG");
});
