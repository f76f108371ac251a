import { encode } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAttestedFixture } from "../../test/support/attested-fixture.ts";
import { parseEvidenceDocument, serializeEvidence } from "../attestation/evidence-document.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { encodeBase64 } from "../crypto/base64.ts";
import { MAX_WRAPPER_BYTES, unwrapEvidence, wrapEvidence } from "./evidence-wrapper.ts";

const TYPE = "application/vnd.cryptlet.evidence.v2+json";
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a wrapper of evidence", () => {
  it("gives back what was wrapped", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 2_000 }),
        (type, body) => {
          const evidence = { type, body: encodeBase64(body) };
          expect(unwrapEvidence(wrapEvidence(evidence))).toEqual(evidence);
        },
      ),
    );
  });

  it("is the CBOR array of media type, bytes and the bit for evidence (RFC 9999)", () => {
    const wrapper = wrapEvidence({ type: "a/b", body: encodeBase64(Uint8Array.of(1, 2)) });
    expect(Buffer.from(wrapper).toString("hex")).toBe("8363612f6242010204");
  });

  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["another kind of message", encode([TYPE, Uint8Array.of(1), 8])],
    ["no kind at all", encode([TYPE, Uint8Array.of(1)])],
    ["text in place of bytes", encode([TYPE, "x", 4])],
    ["a fourth item", encode([TYPE, Uint8Array.of(1), 4, 4])],
    ["a content format in place of a media type", encode([1, Uint8Array.of(1), 4])],
    ["an indefinite array", Buffer.from("9f63612f6242010204ff", "hex")],
    ["a length in more bytes than it needs", Buffer.from("8363612f625800024104", "hex")],
    ["bytes behind the end", Buffer.from("8363612f624201020400", "hex")],
    ["junk", Buffer.from("ffffffff", "hex")],
    ["deep nesting", Buffer.alloc(20_000, 0x81)],
  ])("refuses %s", (_what, bytes) => {
    expect(codeOf(() => unwrapEvidence(bytes))).toBe("PEER_CERTIFICATE_REFUSED");
  });

  it("throws nothing but its code for whatever bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["none", "PEER_CERTIFICATE_REFUSED"]).toContain(codeOf(() => unwrapEvidence(bytes)));
      }),
    );
  });

  it("leaves the collateral of a large document behind, and nothing else", () => {
    const fixture = createAttestedFixture(createManualClock(1_800_000_000_000));
    const keys = [createSigningKey("p256-sha256").record];
    const evidence = fixture.evidence({ purpose: "ra-tls", keys });
    expect(unwrapEvidence(wrapEvidence(evidence))).toEqual(evidence);
    const document = parseEvidenceDocument(evidence);
    const certificates = Array.from({ length: 8 }, (_, index) => String(index).repeat(20_000));
    const large = serializeEvidence({ ...document, collateral: { certificates, crls: [] } });
    const carried = parseEvidenceDocument(unwrapEvidence(wrapEvidence(large)));
    expect(carried).toEqual({ ...document, collateral: null });
  });

  it("refuses evidence that no certificate can carry", () => {
    const body = encodeBase64(new Uint8Array(MAX_WRAPPER_BYTES));
    const type = "application/x-large";
    expect(codeOf(() => wrapEvidence({ type, body }))).toBe("INPUT_TOO_LARGE");
  });
});
