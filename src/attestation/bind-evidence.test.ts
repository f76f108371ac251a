import { describe, expect, test } from "vitest";
import { createDocumentFixture, HOUR_MS } from "../../test/support/document-fixture.ts";
import { bindEvidence, type BindOptions } from "./bind-evidence.ts";
import { verifyDcapQuote } from "./dcap/verify-dcap-quote.ts";
import { type EvidenceDocument, quoteBytes } from "./evidence-document.ts";
import { reportData } from "./report-data.ts";

const fixture = createDocumentFixture();
const { at, anchor, measurement, hostMeasurement, keys } = fixture;
const claimsOf = (document: EvidenceDocument) =>
  verifyDcapQuote(quoteBytes(document), { collateral: document.collateral, anchors: [anchor], at });
const bind = (document: EvidenceDocument, change: Partial<BindOptions> = {}) =>
  bindEvidence(document, claimsOf(document), { purpose: "register", at, ...change });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(["sgx", "tdx"] as const)("%s", (tee) => {
  test("the quote of a Cryptlet binds measurement, keys, registration and configuration", () => {
    const document = fixture.document({ tee, nonce: "5a".repeat(32), epoch: 3 });
    expect(bind(document, { nonce: "5a".repeat(32) })).toMatchObject({
      subject: "cryptlet",
      layer: "quote",
      measurement,
      host: hostMeasurement,
      keys,
      registration: document.registration,
      notBefore: at,
      notAfter: at + HOUR_MS,
    });
    expect(claimsOf(document).reportData).toBe(reportData(document.registration, keys, 3));
  });

  test("the quote of a host binds a Cryptlet through the host's key", () => {
    const bound = bind(fixture.document({ tee, layered: true }));
    expect(bound).toMatchObject({ layer: "host-key", hostMeasured: true, measurement, keys });
    expect(bound.evidenceId).not.toBe(
      claimsOf(fixture.document({ tee, layered: true })).evidenceId,
    );
  });

  test("a host speaks for its own keys", () => {
    const document = fixture.document({ tee, subject: "host", purpose: "ra-tls" });
    expect(bind(document, { purpose: "ra-tls" })).toMatchObject({
      subject: "host",
      measurement: hostMeasurement,
      hostMeasured: true,
    });
  });
});

test("each purpose serves itself alone, also between subjects", () => {
  for (const made of ["register", "ra-tls", "kbs"] as const)
    for (const asked of ["register", "ra-tls", "kbs", "host-ak"] as const) {
      const run = () => bind(fixture.document({ purpose: made }), { purpose: asked });
      if (made === asked) expect(run().registration.purpose).toBe(made);
      else expect(run).toThrow(code("EVIDENCE_PURPOSE_WRONG"));
    }
  expect(() => bind(fixture.document({ purpose: "host-ak" }), { purpose: "host-ak" })).toThrow(
    code("EVIDENCE_INVALID"),
  );
});

test("a nonce is bound or refused; nobody's nonce is no nonce", () => {
  const nonce = "77".repeat(32);
  expect(() => bind(fixture.document(), { nonce })).toThrow(code("EVIDENCE_NONCE_WRONG"));
  expect(() => bind(fixture.document({ nonce: "78".repeat(32) }), { nonce })).toThrow(
    code("EVIDENCE_NONCE_WRONG"),
  );
  expect(bind(fixture.document({ nonce }), { nonce }).registration.nonce).toBe(nonce);
});

test("a registration holds from its first to its last moment, in both layers", () => {
  for (const layered of [false, true]) {
    const document = fixture.document({ layered });
    for (const [moment, holds] of [
      [at - 1, false],
      [at, true],
      [at + HOUR_MS, true],
      [at + HOUR_MS + 1, false],
    ] as const) {
      const run = () => bind(document, { at: moment });
      if (holds) expect(run().notAfter).toBe(at + HOUR_MS);
      else expect(run).toThrow(code("EVIDENCE_EXPIRED"));
    }
  }
});
