import fc from "fast-check";
import { expect, test } from "vitest";
import {
  MAX_ENVELOPE_BYTES,
  MAX_SIGNATURES,
  parseEnvelope,
  payloadBytes,
  preAuthEncoding,
  serializeEnvelope,
} from "./dsse.ts";

const envelope = (changes: object = {}) =>
  JSON.stringify({
    payload: "eA==",
    payloadType: "text/plain",
    signatures: [{ keyid: "k", sig: "eA==" }],
    ...changes,
  });

test("the pre-authentication encoding counts bytes, not characters", () => {
  const text = new TextDecoder().decode(preAuthEncoding("a/ü", new TextEncoder().encode("€")));
  expect(text).toBe("DSSEv1 4 a/ü 3 €");
});

test("no two pairs of type and payload share an encoding", () => {
  const type = fc.string({ minLength: 1, maxLength: 12 });
  const payload = fc.uint8Array({ maxLength: 12 });
  fc.assert(
    fc.property(type, payload, type, payload, (typeA, a, typeB, b) => {
      const same = typeA === typeB && Buffer.compare(a, b) === 0;
      fc.pre(typeA.isWellFormed() && typeB.isWellFormed());
      expect(Buffer.compare(preAuthEncoding(typeA, a), preAuthEncoding(typeB, b)) === 0).toBe(same);
    }),
  );
});

test("a type longer than the cache is still encoded", () => {
  for (let i = 0; i < 100; i++)
    expect(new TextDecoder().decode(preAuthEncoding(`t${i}`, new Uint8Array()))).toBe(
      `DSSEv1 ${`t${i}`.length} t${i} 0 `,
    );
});

test("unrecognised fields are ignored and an unset keyid is an empty one", () => {
  const read = parseEnvelope(
    envelope({ extra: 1, signatures: [{ sig: "eA==", extension: { kind: "x" } }] }),
  );
  expect(read).toEqual({
    payload: "eA==",
    payloadType: "text/plain",
    signatures: [{ keyid: "", sig: "eA==" }],
  });
  expect(parseEnvelope(serializeEnvelope(read))).toEqual(read);
});

test("the text of any envelope is what JSON.stringify writes", () => {
  const text = fc.string({ unit: "binary" });
  const envelopes = fc.record({
    payload: fc.oneof(fc.base64String(), text),
    payloadType: text,
    signatures: fc.array(fc.record({ keyid: text, sig: text }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(envelopes, (each) => {
      expect(serializeEnvelope(each)).toBe(JSON.stringify(each));
    }),
  );
});

test("payloads may be standard or URL-safe base64", () => {
  for (const payload of ["+/+/", "-_-_"])
    expect(payloadBytes(parseEnvelope(envelope({ payload })))).toEqual(
      Uint8Array.of(0xfb, 0xff, 0xbf),
    );
});

test.each([
  ["no object", "[]"],
  ["no payload", envelope({ payload: undefined })],
  ["a payload that is no text", envelope({ payload: 1 })],
  ["an empty type", envelope({ payloadType: "" })],
  ["a long type", envelope({ payloadType: "t".repeat(257) })],
  ["no signatures field", envelope({ signatures: undefined })],
  ["a signature without sig", envelope({ signatures: [{ keyid: "k" }] })],
  ["a keyid that is no text", envelope({ signatures: [{ keyid: null, sig: "" }] })],
  [
    "too many signatures",
    envelope({ signatures: Array.from({ length: MAX_SIGNATURES + 1 }, () => ({ sig: "" })) }),
  ],
  ["a signature of kilobytes", envelope({ signatures: [{ sig: "A".repeat(513) }] })],
  ["a payload beyond its limit", envelope({ payload: "A".repeat(700_000) })],
])("refuses %s", (_, text) => {
  expect(() => parseEnvelope(text)).toThrow(
    expect.objectContaining({ code: "ENVELOPE_MALFORMED" }),
  );
});

test("refuses a field that stands twice, and megabytes", () => {
  expect(() => parseEnvelope('{"payload":"","payload":""}')).toThrow(
    expect.objectContaining({ code: "JSON_MALFORMED" }),
  );
  expect(() => parseEnvelope(" ".repeat(MAX_ENVELOPE_BYTES + 1))).toThrow(
    expect.objectContaining({ code: "INPUT_TOO_LARGE" }),
  );
});
