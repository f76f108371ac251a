import { createHash, createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  createKeyRecord,
  createSigningKey,
  createVerifyingKey,
  keyRecordSchema,
} from "./key-record.ts";
import { spkiFromPem, spkiToPem } from "./pem.ts";
import { suiteNames } from "./suites.ts";

const SECRET = new Uint8Array(32).fill(9);

describe.each(suiteNames)("%s", (suite) => {
  const key = createSigningKey(suite, SECRET);

  test("keyid is the digest of the SPKI that node:crypto reads", () => {
    const spki = Buffer.from(key.record.publicKey, "base64");
    expect(key.record.keyid).toBe(`sha256:${createHash("sha256").update(spki).digest("hex")}`);
    const read = createPublicKey({ key: spki, format: "der", type: "spki" });
    expect(read.export({ format: "der", type: "spki" }).equals(spki)).toBe(true);
    expect(keyRecordSchema.parse(key.record)).toEqual(key.record);
  });

  test("PEM is what node:crypto writes, and comes back", () => {
    const spki = Buffer.from(key.record.publicKey, "base64");
    const pem = spkiToPem(spki);
    expect(createPublicKey(pem).export({ format: "pem", type: "spki" })).toBe(pem);
    expect(spkiFromPem(pem)).toEqual(new Uint8Array(spki));
    expect(spkiFromPem(pem.replaceAll("\n", "\r\n"))).toEqual(new Uint8Array(spki));
  });

  test("the record alone verifies", () => {
    const message = Uint8Array.of(1, 2);
    const verifying = createVerifyingKey(key.record);
    expect(verifying.verify(key.sign(message), message)).toBe(true);
    expect(verifying.verify(key.sign(message), Uint8Array.of(1))).toBe(false);
  });
});

test("only the suites that a contract checks have an address", () => {
  expect(suiteNames.filter((suite) => createSigningKey(suite, SECRET).record.address)).toEqual([
    "secp256k1-keccak256",
    "schnorr-secp256k1-keccak256",
  ]);
});

test("a fresh key is another one each time", () => {
  expect(createSigningKey("ed25519").record.keyid).not.toBe(
    createSigningKey("ed25519").record.keyid,
  );
});

describe("an inconsistent record is refused", () => {
  const { record } = createSigningKey("secp256k1-keccak256", SECRET);
  const other = createSigningKey("secp256k1-keccak256").record;
  const ed25519 = createSigningKey("ed25519", SECRET).record;
  test.each([
    ["another keyid", { ...record, keyid: other.keyid }, "KEY_RECORD_INVALID"],
    [
      "another address",
      { ...record, address: other.address ?? record.address },
      "KEY_RECORD_INVALID",
    ],
    ["another suite", { ...record, suite: "ed25519" as const }, "PUBLIC_KEY_INVALID"],
    ["another curve", { ...record, suite: "p256-sha256" as const }, "PUBLIC_KEY_INVALID"],
    [
      "an address that its suite has not",
      { ...ed25519, address: record.address },
      "KEY_RECORD_INVALID",
    ],
    ["no base64", { ...record, publicKey: "!" }, "BASE64_INVALID"],
  ])("%s", (_, wrong, code) => {
    expect(() => createVerifyingKey(wrong)).toThrow(expect.objectContaining({ code }));
  });

  test("unknown fields and suites do not parse", () => {
    expect(keyRecordSchema.safeParse({ ...record, extra: 1 }).success).toBe(false);
    expect(keyRecordSchema.safeParse({ ...record, suite: "rsa" }).success).toBe(false);
  });
});

test("a record of bytes that are no key is refused", () => {
  expect(() => createKeyRecord("ed25519", new Uint8Array(31))).toThrow(
    expect.objectContaining({ code: "PUBLIC_KEY_INVALID" }),
  );
});

test.each([
  ["nothing", ""],
  ["a private key's label", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
  ["two blocks", `${spkiToPem(new Uint8Array(44))}${spkiToPem(new Uint8Array(44))}`],
  ["text around", `x${spkiToPem(new Uint8Array(44))}`],
  ["megabytes", "-".repeat(1_000_000)],
])("PEM refuses %s", (_, pem) => {
  expect(() => spkiFromPem(pem)).toThrow(expect.objectContaining({ code: "PEM_INVALID" }));
});
