import fc from "fast-check";
import { expect, test } from "vitest";
import { createSnpFixture } from "../../test/support/snp-fixture.ts";
import { createNitroFixture } from "../../test/support/nitro-fixture.ts";
import { createPlatformFixture } from "../../test/support/simulated-platform-fixture.ts";
import { codeOf } from "../../test/support/code-of.ts";
import { encodeBase64 } from "../crypto/base64.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { plainEvidence, recogniseEvidence } from "./presented-evidence.ts";

const { quote } = createPlatformFixture();
const KINDS = [
  ["sgx", quote("sgx")],
  ["tdx", quote("tdx")],
  ["nitro", createNitroFixture().document()],
  ["sev-snp", createSnpFixture().report()],
] as const;
const encoder = new TextEncoder();

test.each(KINDS)("%s is recognised as bytes, hex and base64", (tee, bytes) => {
  const expected = { kind: "plain", evidence: [{ tee, bytes }] };
  const base64 = encodeBase64(bytes);
  const forms = [
    bytesToHex(bytes),
    `0x${bytesToHex(bytes).toUpperCase()}\n`,
    base64,
    base64.replaceAll("=", ""),
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    base64.replaceAll(/(.{64})/g, "$1\r\n"),
  ];
  expect(recogniseEvidence(bytes)).toEqual(expected);
  for (const text of forms) expect(recogniseEvidence(encoder.encode(text))).toEqual(expected);
});

test("text inside of text, and what is nothing, is refused", () => {
  const hex = bytesToHex(quote("sgx"));
  const cases: readonly [string, string][] = [
    ["", "EVIDENCE_KIND_UNKNOWN"],
    [bytesToHex(encoder.encode(hex)), "EVIDENCE_KIND_UNKNOWN"],
    [`${hex}zz`, "EVIDENCE_KIND_UNKNOWN"],
    ["[]", "EVIDENCE_KIND_UNKNOWN"],
    ["{}", "EVIDENCE_KIND_UNKNOWN"],
    ['{"a":1,"a":2}', "EVIDENCE_MALFORMED"],
    ['{"envelope":1}', "EVIDENCE_MALFORMED"],
    ["{", "EVIDENCE_MALFORMED"],
    ["x".repeat(2_000_000), "EVIDENCE_KIND_UNKNOWN"],
  ];
  for (const [text, code] of cases)
    expect(codeOf(() => recogniseEvidence(encoder.encode(text)))).toBe(code);
});

test("a document is a document by its format, a piece of a bundle by its type", () => {
  const document = '{"format":"cryptlet-evidence/v2"}';
  expect(recogniseEvidence(encoder.encode(document)).kind).toBe("document");
  const [tee, bytes] = KINDS[2];
  const piece = { type: "application/vnd.aws.nitro.attestation+cbor", body: encodeBase64(bytes) };
  expect(recogniseEvidence(encoder.encode(JSON.stringify(piece))).evidence).toEqual([piece]);
  expect(plainEvidence(piece)).toEqual({ tee, bytes });
  for (const wrong of [
    { ...piece, type: "text/html" },
    { ...piece, body: "%" },
  ])
    expect(codeOf(() => plainEvidence(wrong))).toBe("EVIDENCE_MALFORMED");
});

test("no bytes throw anything without a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_300 }), (bytes) => {
      const code = codeOf(() => recogniseEvidence(bytes));
      expect(["none", "EVIDENCE_KIND_UNKNOWN", "EVIDENCE_MALFORMED"]).toContain(code);
    }),
  );
});
