import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSigningKey, type SigningKey } from "../crypto/key-record.ts";
import { suiteNames } from "../crypto/suites.ts";
import type { DsseEnvelope } from "./dsse.ts";
import { signEnvelope } from "./dsse-sign.ts";
import { verifyEnvelope } from "./dsse-verify.ts";
import { createKeyRing } from "./key-ring.ts";

const TYPE = "application/x-test";
const payload = new TextEncoder().encode("a fact");
const keys = suiteNames.map((suite) => createSigningKey(suite));
const [first, second] = keys as [SigningKey, SigningKey];
const ring = createKeyRing(keys.map(({ record }) => record));
const signed = (by: readonly SigningKey[]) => signEnvelope(TYPE, payload, by);
const verify = (envelope: DsseEnvelope, threshold = 1, trusted = ring) =>
  verifyEnvelope(envelope, { ring: trusted, threshold, payloadType: TYPE });
const code = (expected: string) => expect.objectContaining({ code: expected });

test("every suite verifies and gives exactly the signed bytes", () => {
  for (const key of keys) {
    const verified = verify(signed([key]));
    expect(verified.payload).toEqual(payload);
    expect(verified.signers).toEqual([key.record]);
  }
});

test("(t, n): any t of n keys suffice, t - 1 do not", () => {
  fc.assert(
    fc.property(fc.subarray(keys), fc.integer({ min: 1, max: 4 }), (some, threshold) => {
      const envelope = signed(some);
      if (some.length >= threshold)
        expect(verify(envelope, threshold).signers.length).toBe(some.length);
      else
        expect(() => verify(envelope, threshold)).toThrow(
          code(some.length === 0 ? "ENVELOPE_UNSIGNED" : "THRESHOLD_NOT_MET"),
        );
    }),
    { numRuns: 30 },
  );
});

test("a key counts once, whatever the number of its signatures and names", () => {
  const { signatures, ...rest } = signed([first, first, first]);
  const renamed = signatures.map(({ sig }) => ({ keyid: "", sig }));
  for (const list of [signatures, renamed, [...signatures, ...renamed]])
    expect(() => verify({ ...rest, signatures: list }, 2)).toThrow(code("THRESHOLD_NOT_MET"));
});

test("a signature without a keyid is tried against every key", () => {
  const { signatures, ...rest } = signed([second]);
  const unnamed = { ...rest, signatures: signatures.map(({ sig }) => ({ keyid: "", sig })) };
  expect(verify(unnamed).signers).toEqual([second.record]);
});

test("signatures that do not hold are passed over when enough others hold", () => {
  const { signatures, ...rest } = signed([first]);
  const noise = [
    { keyid: second.record.keyid, sig: "AAAA" },
    { keyid: "unknown", sig: "AAAA" },
    { keyid: "", sig: "not base64" },
  ];
  expect(verify({ ...rest, signatures: [...noise, ...signatures] }).signers).toEqual([
    first.record,
  ]);
});

test("the work for unnamed signatures is bounded", () => {
  const many = createKeyRing(
    Array.from({ length: 40 }, () => createSigningKey("secp256k1-sha256").record),
  );
  const { signatures, ...rest } = signed([createSigningKey("secp256k1-sha256")]);
  const noise = Array.from({ length: 32 }, () => ({ keyid: "", sig: signatures[0]?.sig ?? "" }));
  expect(() => verify({ ...rest, signatures: noise }, 1, many)).toThrow(code("SIGNATURE_WRONG"));
});

describe("refuses", () => {
  const envelope = signed([first]);
  test.each([
    ["no signature", { ...envelope, signatures: [] }, "ENVELOPE_UNSIGNED"],
    ["another payload", { ...envelope, payload: "eHg=" }, "SIGNATURE_WRONG"],
    ["a payload that is no base64", { ...envelope, payload: "e" }, "SIGNATURE_WRONG"],
    ["another type", { ...envelope, payloadType: "application/x-other" }, "SIGNATURE_WRONG"],
    [
      "another key's name",
      {
        ...envelope,
        signatures: [{ keyid: second.record.keyid, sig: envelope.signatures[0]?.sig ?? "" }],
      },
      "SIGNATURE_WRONG",
    ],
    ["an unknown key", signed([createSigningKey("ed25519")]), "SIGNER_NOT_TRUSTED"],
    [
      "a type that was not asked for",
      signEnvelope("application/x-other", payload, [first]),
      "PAYLOAD_TYPE_UNEXPECTED",
    ],
  ])("%s", (_, wrong, expected) => {
    expect(() => verify(wrong)).toThrow(code(expected));
  });

  test("any changed bit of payload, type or signature", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("payload", "payloadType", "sig"),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (field, at, change) => {
          const target =
            field === "sig" ? (envelope.signatures[0]?.sig ?? "") : envelope[field as "payload"];
          const bytes =
            field === "payloadType" ? Buffer.from(target) : Buffer.from(target, "base64");
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ change;
          const value = bytes.toString(field === "payloadType" ? "latin1" : "base64");
          const wrong =
            field === "sig"
              ? { ...envelope, signatures: [{ keyid: first.record.keyid, sig: value }] }
              : { ...envelope, [field]: value };
          expect(() => verify(wrong)).toThrow(code("SIGNATURE_WRONG"));
        },
      ),
    );
  });
});

describe("a key ring", () => {
  test("refuses a record that is not consistent, also when its twin was seen before", () => {
    const { record } = first;
    createKeyRing([record]);
    expect(() => createKeyRing([{ ...record, keyid: second.record.keyid }])).toThrow(
      code("KEY_RECORD_INVALID"),
    );
  });

  test("keeps the first of two records of one key", () => {
    const evm = createSigningKey("secp256k1-keccak256");
    const { address: _, ...other } = { ...evm.record, suite: "secp256k1-sha256" as const };
    expect(createKeyRing([evm.record, other]).get(evm.record.keyid)?.record).toEqual(evm.record);
  });

  test("works beyond the size of its cache", () => {
    const records = Array.from({ length: 300 }, () => createSigningKey("secp256k1-sha256").record);
    expect(createKeyRing(records).keys.length).toBe(300);
  });
});
