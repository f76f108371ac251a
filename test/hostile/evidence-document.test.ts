import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { type AppraiseOptions, appraise } from "../../src/attestation/appraise.ts";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import {
  type EvidenceDocument,
  KEY_STATEMENT_TYPE,
  parseEvidenceDocument,
  serializeEvidence,
} from "../../src/attestation/evidence-document.ts";
import { createCollateralMemory } from "../../src/attestation/dcap/collateral-memory.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import { keysetRoot, reportData } from "../../src/attestation/report-data.ts";
import { addressSchema } from "../../src/core/ids.ts";
import { decodeBase64, encodeBase64 } from "../../src/crypto/base64.ts";
import { createSigningKey, type KeyRecord } from "../../src/crypto/key-record.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import { createDocumentFixture, HOUR_MS } from "../support/document-fixture.ts";

// Evidence documents: what an attacker changes, mixes or replays, and what the appraisal of a relying party must say.

const fixture = createDocumentFixture();
const { at, anchor, platform } = fixture;
const honest = fixture.document();
const layered = fixture.document({ layered: true });
const tdx = fixture.document({ tee: "tdx" });
/** The same platform's next Cryptlet, and another machine's. */
const neighbour = createDocumentFixture({ code: "evil" });
const stranger = createDocumentFixture({ seed: 99 });

const policy: AppraisalPolicyInput = {
  id: "relying-party",
  allowSimulated: true,
  tees: ["sgx", "tdx"],
  anyOf: [{ measurements: [fixture.measurement, fixture.hostMeasurement] }],
};
const judge = (document: EvidenceDocument, change: Partial<AppraiseOptions> = {}) =>
  appraise(serializeEvidence(document), {
    policy,
    anchors: [anchor],
    collateral: null,
    at,
    ...change,
  });
const codesOf = (document: EvidenceDocument, change?: Partial<AppraiseOptions>) =>
  judge(document, change).reasons.flatMap((reason) =>
    reason.weight === "refused" ? [reason.code] : [],
  );

test("what is honest passes, so that each refusal below has one cause", () => {
  for (const document of [honest, layered]) expect(codesOf(document)).toEqual([]);
});

describe("an anchor", () => {
  test("of a vendor never ends simulated evidence", () => {
    for (const document of [honest, layered, tdx])
      expect(codesOf(document, { anchors: HARDWARE_ANCHORS })).toEqual([
        "CERTIFICATE_ROOT_UNKNOWN",
      ]);
  });
  test("of another simulator does not either", () => {
    expect(codesOf(honest, { anchors: [stranger.anchor] })).toEqual(["CERTIFICATE_ROOT_UNKNOWN"]);
  });
  test("that is simulated is refused unless the policy says otherwise, and never reported as hardware", () => {
    expect(codesOf(honest, { policy: { ...policy, allowSimulated: false } })).toEqual([
      "EVIDENCE_SIMULATED",
    ]);
    expect(codesOf(honest, { policy: null })).toEqual(["EVIDENCE_SIMULATED"]);
    expect(judge(honest)).toMatchObject({ ok: true, simulated: true });
  });
});

describe("the vendor's name", () => {
  test("of Intel in a simulated quote is refused", () => {
    const bytes = decodeBase64(honest.quote).slice();
    bytes.set(Buffer.from("939a7233f79c4ca9940a0db3957f0607", "hex"), 12);
    expect(codesOf({ ...honest, quote: encodeBase64(bytes) })).toEqual(["QUOTE_VENDOR_REFUSED"]);
  });
});

describe("relayed evidence", () => {
  const own = [createSigningKey("ed25519").record];
  test("does not bind the keys of whoever relays it", () => {
    expect(codesOf({ ...honest, keys: own })).toEqual(["EVIDENCE_INVALID"]);
    const registration = { ...honest.registration, keysetRoot: keysetRoot(own) };
    expect(codesOf({ ...honest, keys: own, registration })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("does not bind a key more, a key less or the same key twice", () => {
    const [first, second] = honest.keys;
    if (!first || !second) throw new Error("the fixture has two keys");
    for (const keys of [[first], [first, second, ...own], [first, second, second]])
      expect(codesOf({ ...honest, keys })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("does not bind another encryption key", () => {
    const registration = { ...honest.registration, encryptionKey: "ab".repeat(32) };
    expect(codesOf({ ...honest, registration })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("with the quote of another document is refused", () => {
    const other = fixture.document({ keys: own });
    expect(codesOf({ ...honest, quote: other.quote })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("with keys whose record lies about its address is refused", () => {
    const keys: KeyRecord[] = honest.keys.map((key) =>
      key.address === undefined
        ? key
        : { ...key, address: addressSchema.parse(`0x${"11".repeat(20)}`) },
    );
    expect(codesOf({ ...honest, keys })).toEqual(["EVIDENCE_INVALID"]);
  });
});

describe("time and nonce", () => {
  const nonce = "42".repeat(32);
  test("a replay does not bind the nonce of today", () => {
    const yesterday = fixture.document({ nonce: "41".repeat(32) });
    expect(codesOf(yesterday, { nonce })).toContain("EVIDENCE_NONCE_WRONG");
    expect(codesOf(honest, { nonce })).toContain("EVIDENCE_NONCE_WRONG");
    const relabelled = { ...yesterday, registration: { ...yesterday.registration, nonce } };
    expect(codesOf(relabelled, { nonce })).toEqual(["EVIDENCE_INVALID"]);
    expect(codesOf(fixture.document({ nonce }), { nonce })).toEqual([]);
  });
  test("an expired registration is not lengthened", () => {
    const late = at + HOUR_MS + 1;
    expect(codesOf(honest, { at: late })).toEqual(["EVIDENCE_EXPIRED"]);
    const registration = { ...honest.registration, notAfter: late + HOUR_MS };
    expect(codesOf({ ...honest, registration }, { at: late })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("another epoch is another report", () => {
    expect(codesOf({ ...honest, epoch: 1 })).toEqual(["EVIDENCE_INVALID"]);
  });
});

describe("a purpose", () => {
  test("does not turn into another one", () => {
    const tls = fixture.document({ purpose: "ra-tls" });
    expect(codesOf(tls)).toEqual(["EVIDENCE_PURPOSE_WRONG"]);
    const registration = { ...tls.registration, purpose: "register" as const };
    expect(codesOf({ ...tls, registration })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("of a host's channels does not speak for its Cryptlets", () => {
    if (layered.host === null) throw new Error("the fixture has two layers");
    const key = createSigningKey("ed25519");
    const channel = fixture.document({ subject: "host", purpose: "ra-tls", keys: [key.record] });
    const payload = decodeBase64(layered.host.statement.payload);
    const host = {
      keys: channel.keys,
      registration: channel.registration,
      epoch: channel.epoch,
      statement: signEnvelope(KEY_STATEMENT_TYPE, payload, [key]),
    };
    const forged = { ...layered, quote: channel.quote, host };
    expect(codesOf(forged)).toEqual(["EVIDENCE_PURPOSE_WRONG"]);
    const renamed = { ...channel.registration, purpose: "host-ak" as const };
    expect(codesOf({ ...forged, host: { ...host, registration: renamed } })).toEqual([
      "EVIDENCE_INVALID",
    ]);
  });
  test("a Cryptlet's key vouches for nobody", () => {
    if (layered.host === null) throw new Error("the fixture has two layers");
    const key = createSigningKey("ed25519");
    const evil = neighbour.document({ keys: [key.record], purpose: "host-ak" });
    const host = {
      ...layered.host,
      keys: evil.keys,
      registration: evil.registration,
      statement: signEnvelope(KEY_STATEMENT_TYPE, decodeBase64(layered.host.statement.payload), [
        key,
      ]),
    };
    expect(codesOf({ ...layered, quote: evil.quote, host })).toEqual(["EVIDENCE_INVALID"]);
  });
});

describe("layer 1", () => {
  const sign = (change: object, key = platform.hostKey): EvidenceDocument => {
    if (layered.host === null) throw new Error("the fixture has two layers");
    const text = new TextDecoder().decode(decodeBase64(layered.host.statement.payload));
    const statement = { ...(JSON.parse(text) as object), ...change };
    const payload = new TextEncoder().encode(canonicalJson(statement));
    const envelope = signEnvelope(KEY_STATEMENT_TYPE, payload, [key]);
    return { ...layered, host: { ...layered.host, statement: envelope } };
  };
  test.each([
    ["by a key that the quote does not bind", {}, createSigningKey("ed25519")],
    ["about another measurement", { measurement: neighbour.measurement }, undefined],
    ["about another log", { launch: `sha384:${"00".repeat(48)}` }, undefined],
    ["about other keys", { reportData: "00".repeat(64) }, undefined],
    ["with a field that nobody knows", { extra: 1 }, undefined],
  ])("forged %s is refused", (_what, change, key) => {
    expect(codesOf(sign(change, key))).toEqual(["EVIDENCE_INVALID"]);
  });
  test("that has ended, or holds only later, is refused", () => {
    for (const change of [{ notAfter: at - 1 }, { notBefore: at + 1 }])
      expect(codesOf(sign(change))).toEqual(["EVIDENCE_EXPIRED"]);
  });
  test("of a neighbour on the same machine does not pass for another Cryptlet", () => {
    const other = neighbour.document({ layered: true, keys: honest.keys });
    expect(codesOf({ ...layered, host: other.host, quote: other.quote })).toEqual([
      "EVIDENCE_INVALID",
    ]);
    expect(codesOf(other)).toEqual(["MEASUREMENT_REFUSED"]);
  });
  test("left out makes the host's quote no quote of the Cryptlet", () => {
    expect(codesOf({ ...layered, host: null })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("cannot be put around a direct quote", () => {
    expect(codesOf({ ...honest, host: layered.host })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("of another payload type says nothing", () => {
    if (layered.host === null) throw new Error("the fixture has two layers");
    const payload = decodeBase64(layered.host.statement.payload);
    const statement = signEnvelope("application/vnd.cryptlet.other+json", payload, [
      platform.hostKey,
    ]);
    expect(codesOf({ ...layered, host: { ...layered.host, statement } })).toEqual([
      "EVIDENCE_INVALID",
    ]);
  });
});

describe("the measurement log", () => {
  test("has no event that can be changed, dropped, doubled or moved, on either kind of TEE", () => {
    for (const document of [honest, tdx, layered]) {
      const { log } = document;
      for (const [index, event] of log.entries()) {
        const changed = log.with(index, { ...event, content: `${event.content} ` });
        const dropped = log.toSpliced(index, 1);
        const doubled = log.toSpliced(index, 0, event);
        const moved = [...log.toSpliced(index, 1), event];
        for (const wrong of [changed, dropped, ...(doubled.length > 7 ? [] : [doubled]), moved]) {
          if (canonicalJson(wrong) === canonicalJson(log)) continue;
          expect(codesOf({ ...document, log: wrong })).not.toEqual([]);
        }
      }
    }
  });
  test("of another Cryptlet under this registration is refused", () => {
    expect(codesOf({ ...honest, log: neighbour.document().log })).toEqual(["EVIDENCE_INVALID"]);
  });
  test("of a host under a Cryptlet's registration is refused, and the other way round", () => {
    const host = fixture.document({ subject: "host" });
    expect(codesOf({ ...honest, log: host.log })).toEqual(["EVIDENCE_INVALID"]);
    expect(codesOf({ ...host, log: honest.log })).toEqual(["EVIDENCE_INVALID"]);
  });
});

describe("configuration", () => {
  test("other than the quote's is refused", () => {
    const configId = neighbour.document().registration.manifestDigest;
    const registration = { ...honest.registration, configId };
    const { keys, epoch } = honest;
    expect(reportData(registration, keys, epoch)).not.toBe(
      reportData(honest.registration, keys, epoch),
    );
    expect(codesOf({ ...honest, registration })).toEqual(["EVIDENCE_INVALID"]);
  });
});

describe("debug", () => {
  test("is seen in the quote, whatever the document says", () => {
    for (const tee of ["sgx", "tdx"] as const)
      expect(codesOf(fixture.document({ tee, debug: true }))).toContain("EVIDENCE_DEBUG");
  });
});

describe("collateral", () => {
  test("that was rolled back is noticed by whoever remembers", () => {
    const memory = createCollateralMemory();
    const day = 24 * HOUR_MS;
    const notBefore = at + day;
    const today = fixture.document({ notBefore });
    const now = notBefore;
    const fresh = { ...today, collateral: platform.collateral("sgx", now) };
    expect(codesOf(fresh, { at: now, memory })).toEqual([]);
    expect(codesOf(today, { at: now, memory })).toEqual(["COLLATERAL_ROLLED_BACK"]);
  });
  test("of another platform, or with one field of it, is refused", () => {
    const foreign = stranger.document().collateral;
    expect(codesOf({ ...honest, collateral: foreign })).not.toEqual([]);
    if (!foreign || !honest.collateral) throw new Error("the fixture carries collateral");
    for (const [name, value] of Object.entries(foreign)) {
      const mixed = { ...honest.collateral, [name]: value };
      if (canonicalJson(mixed) === canonicalJson(honest.collateral)) continue;
      expect(codesOf({ ...honest, collateral: mixed })).not.toEqual([]);
    }
  });
  test("that revokes the platform ends it", () => {
    for (const revoked of ["pck", "platform-ca", "tcb-signing"] as const) {
      const collateral = platform.collateral("sgx", at, { revoked: [revoked] });
      expect(codesOf({ ...honest, collateral })).toEqual(["CERTIFICATE_REVOKED"]);
    }
  });
  test("of the other kind of TEE does not fit", () => {
    expect(codesOf({ ...honest, collateral: tdx.collateral })).toEqual(["COLLATERAL_MISMATCH"]);
  });
  test("left out is a refusal, and no shortcut", () => {
    expect(codesOf({ ...honest, collateral: null })).not.toEqual([]);
  });
});

describe("the form", () => {
  test("a document of another kind of TEE than its quote is refused", () => {
    expect(codesOf({ ...honest, tee: "tdx" })).not.toEqual([]);
    expect(codesOf({ ...honest, tee: "nitro" })).not.toEqual([]);
  });
  test("an unknown or doubled field is refused before anything is read", () => {
    const text = canonicalJson(honest);
    const wrap = (json: string) => ({
      type: "application/vnd.cryptlet.evidence.v2+json",
      body: encodeBase64(new TextEncoder().encode(json)),
    });
    for (const wrong of [
      text.replace("{", '{"simulated":false,'),
      text.replace('"epoch":0', '"epoch":0,"epoch":0'),
      text.replace('"epoch":0', '"epoch":-1'),
      text.slice(0, -1),
      "[]",
      "null",
      "[".repeat(20_000),
    ])
      expect(() => parseEvidenceDocument(wrap(wrong))).toThrow(
        expect.objectContaining({ code: "EVIDENCE_INVALID" }),
      );
    expect(parseEvidenceDocument(wrap(text))).toEqual(honest);
  });
  test("no character of a document can be changed unnoticed", () => {
    const text = canonicalJson({ ...honest, collateral: null });
    const { collateral } = honest;
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom("0", "A", "b", '"'), (index, by) => {
        fc.pre(text[index] !== by);
        const changed = text.slice(0, index) + by + text.slice(index + 1);
        const body = encodeBase64(new TextEncoder().encode(changed));
        const evidence = { type: "application/vnd.cryptlet.evidence.v2+json", body };
        const result = appraise(evidence, { policy, anchors: [anchor], collateral, at });
        expect(result.ok).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
