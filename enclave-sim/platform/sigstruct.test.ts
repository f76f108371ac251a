import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import forge from "node-forge";
import { beforeAll, expect, test } from "vitest";
import { digestSchema } from "../../src/core/ids.ts";
import { sha256Hex } from "../../src/crypto/hashes.ts";
import { createSigstruct, readSigstruct, SIGSTRUCT_BYTES } from "./sigstruct.ts";

const MEASUREMENT = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const CONTENT = { measurement: MEASUREMENT, prodId: 7, svn: 3 };
const AT = 1_780_315_200_000;
const refused = expect.objectContaining({ code: "SIGSTRUCT_INVALID" });

const newKey = (modulusLength: number, publicExponent: number) =>
  createPrivateKey(
    generateKeyPairSync("rsa", {
      modulusLength,
      publicExponent,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    }).privateKey,
  );
let key: ReturnType<typeof newKey>;
let bytes: Uint8Array;
beforeAll(() => {
  key = newKey(3_072, 3);
  bytes = createSigstruct(CONTENT, { key, at: AT });
});

test("says what was signed, by whom and when", () => {
  expect(bytes).toHaveLength(SIGSTRUCT_BYTES);
  expect(readSigstruct(bytes)).toEqual({
    ...CONTENT,
    date: "20260601",
    mrsigner: sha256Hex(bytes.subarray(128, 512)),
  });
});

test("has Intel's layout: checked with another library and with the processor's quotients", () => {
  const number = (at: number) =>
    BigInt(`0x${Buffer.from(bytes.slice(at, at + 384).toReversed()).toString("hex")}`);
  const [modulus, signature, q1, q2] = [number(128), number(516), number(1_040), number(1_424)];
  expect(Buffer.from(bytes.subarray(0, 16)).toString("hex")).toBe(
    "06000000e10000000000010000000000",
  );
  expect(bytes[512]).toBe(3);
  const digest = forge.md.sha256.create();
  const signed = Buffer.concat([bytes.subarray(0, 128), bytes.subarray(900, 1_028)]);
  digest.update(signed.toString("latin1"));
  const { BigInteger } = forge.jsbn;
  const publicKey = forge.pki.setRsaPublicKey(
    new BigInteger(modulus.toString(16), 16),
    new BigInteger("3"),
  );
  const text = Buffer.from(signature.toString(16).padStart(768, "0"), "hex").toString("latin1");
  expect(publicKey.verify(digest.digest().getBytes(), text)).toBe(true);
  // What EINIT computes: S^3 mod M without a division.
  const cubed = signature ** 3n - q1 * signature * modulus - q2 * modulus;
  expect(cubed).toBe(signature ** 3n % modulus);
});

test("holds no byte that can be changed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: SIGSTRUCT_BYTES - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (at, by) => {
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ by;
        expect(() => readSigstruct(changed)).toThrow(refused);
      },
    ),
    { numRuns: 200 },
  );
});

test("another length is refused", () => {
  for (const wrong of [new Uint8Array(0), bytes.subarray(1), new Uint8Array(SIGSTRUCT_BYTES + 1)])
    expect(() => readSigstruct(wrong)).toThrow(refused);
});

test("a signature put under another key is refused", () => {
  const other = createSigstruct(CONTENT, { key: newKey(3_072, 3), at: AT });
  const mixed = bytes.slice();
  mixed.set(other.subarray(128, 512), 128);
  expect(() => readSigstruct(mixed)).toThrow(refused);
});

test.each([
  [2_048, 3],
  [3_072, 65_537],
])("a key of %i bits with exponent %i signs nothing", (size, exponent) => {
  expect(() => createSigstruct(CONTENT, { key: newKey(size, exponent), at: AT })).toThrow(refused);
});
