import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hexToBytes } from "./bytes.ts";
import { nativeSecp256k1 } from "./drivers/native-secp256k1.ts";
import { suiteNames, suiteOf, suites } from "./suites.ts";

const message = fc.uint8Array({ maxLength: 300 });
const secretKey = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  // Below the order of every group here, and not zero.
  .map((bytes) => Uint8Array.from([0x7f, ...bytes.subarray(1, 31), 1]));
const RUNS = { numRuns: 25 };

const ORDERS: Readonly<Record<string, string>> = {
  "p256-sha256": "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  "secp256k1-sha256": "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
  "secp256k1-keccak256": "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
};

const word = (value: bigint) => hexToBytes(value.toString(16).padStart(64, "0"), 32);
const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  const index = Math.floor(bit / 8) % copy.length;
  copy[index] = (copy[index] ?? 0) ^ (1 << (bit % 8));
  return copy;
};

test("an unknown suite has a code, also for names of Object's own", () => {
  for (const name of ["rsa", "", "constructor", "__proto__", "toString"])
    expect(() => suiteOf(name)).toThrow(expect.objectContaining({ code: "SUITE_UNKNOWN" }));
});

test("the fast drivers are used wherever this machine has them", () => {
  const secp256k1 = nativeSecp256k1 ? "libsecp256k1" : "noble";
  expect(suiteNames.map((name) => [name, suites[name].fast.name])).toEqual([
    ["ed25519", "node:crypto"],
    ["p256-sha256", "node:crypto"],
    ["secp256k1-keccak256", secp256k1],
    ["secp256k1-sha256", secp256k1],
    ["schnorr-secp256k1-keccak256", secp256k1],
  ]);
});

describe.each(suiteNames)("%s", (name) => {
  const suite = suites[name];
  const drivers = [suite.reference, suite.fast];

  test("each driver verifies what the other signed, and nothing changed", () => {
    fc.assert(
      fc.property(secretKey, message, fc.nat(100_000), (secret, bytes, bit) => {
        for (const signing of drivers) {
          const signer = suite.signer(secret, signing);
          const signature = signer.sign(bytes);
          expect(signature.length).toBe(suite.signatureLength);
          for (const verifying of drivers) {
            const verifier = suite.verifier(signer.publicKey, verifying);
            expect(verifier.verify(signature, bytes)).toBe(true);
            expect(verifier.verify(flip(signature, bit), bytes)).toBe(false);
            expect(verifier.verify(signature, Uint8Array.from([...bytes, 0]))).toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  test("both drivers answer alike for arbitrary signatures, and never throw", () => {
    const { publicKey } = suite.signer(new Uint8Array(32).fill(5));
    const [reference, fast] = drivers.map((driver) => suite.verifier(publicKey, driver));
    const length = suite.signatureLength;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          fc.uint8Array({ minLength: length, maxLength: length }),
        ),
        message,
        (signature, bytes) => {
          const answer = reference?.verify(signature, bytes);
          expect(answer).toBe(fast?.verify(signature, bytes));
          expect(answer).toBe(false);
        },
      ),
    );
  });

  test("one-off sign and verify are the prepared ones", () => {
    const secret = suite.generate();
    const publicKey = suite.publicKeyFromSecret(secret);
    const bytes = Uint8Array.of(1, 2, 3);
    expect(suite.verify(suite.sign(bytes, secret), bytes, publicKey)).toBe(true);
    expect(suite.verify(suite.sign(bytes, secret), bytes, publicKey.subarray(1))).toBe(false);
  });

  test("a public key survives the way through SPKI, and one key has one SPKI", () => {
    fc.assert(
      fc.property(secretKey, (secret) => {
        const publicKey = suite.publicKeyFromSecret(secret);
        const spki = suite.exportSpki(publicKey);
        expect(suite.importSpki(spki)).toEqual(publicKey);
        for (const wrong of [spki.subarray(1), Uint8Array.from([...spki, 0]), flip(spki, 3)])
          expect(() => suite.importSpki(wrong)).toThrow(
            expect.objectContaining({ code: "PUBLIC_KEY_INVALID" }),
          );
      }),
      RUNS,
    );
  });

  test("secret keys of the wrong length are refused without quoting them", () => {
    for (const length of [0, 31, 33, 64])
      expect(() => suite.signer(new Uint8Array(length).fill(0xab))).toThrow(
        expect.objectContaining({ code: "SECRET_KEY_INVALID" }),
      );
  });

  test("public keys that are no points are refused by signer, verifier and SPKI", () => {
    const { publicKey } = suite.signer(new Uint8Array(32).fill(5));
    const wrong = [
      new Uint8Array(),
      publicKey.subarray(1),
      new Uint8Array(publicKey.length),
      new Uint8Array(publicKey.length).fill(0xff),
      Uint8Array.from([...publicKey, 0]),
    ];
    for (const bytes of wrong) {
      const refused = expect.objectContaining({ code: "PUBLIC_KEY_INVALID" });
      expect(() => suite.verifier(bytes)).toThrow(refused);
      expect(() => suite.exportSpki(bytes)).toThrow(refused);
      expect(suite.verify(new Uint8Array(suite.signatureLength), bytes, bytes)).toBe(false);
    }
  });

  test("a signer keeps its own copy of the secret", () => {
    const secret = new Uint8Array(32).fill(5);
    const signer = suite.signer(secret);
    secret.fill(6);
    const bytes = Uint8Array.of(9);
    expect(suite.verify(signer.sign(bytes), bytes, signer.publicKey)).toBe(true);
  });
});

// OpenSSL draws the P-256 nonce at random, and FROST's nonces must be; there the pair is held by mutual acceptance above.
const RANDOMISED = new Set<string>(["p256-sha256", "schnorr-secp256k1-keccak256"]);
describe.each(suiteNames.filter((name) => !RANDOMISED.has(name)))("%s is deterministic", (name) => {
  const suite = suites[name];
  test("both drivers write the same bytes", () => {
    fc.assert(
      fc.property(secretKey, message, (secret, bytes) => {
        const [reference, fast] = [suite.reference, suite.fast].map((driver) =>
          suite.signer(secret, driver).sign(bytes),
        );
        expect(fast).toEqual(reference);
      }),
      RUNS,
    );
  });
});

describe.each(Object.keys(ORDERS))("%s is not malleable", (name) => {
  const suite = suiteOf(name);
  const order = BigInt(`0x${ORDERS[name] ?? ""}`);
  const drivers = [suite.reference, suite.fast];

  test("(r, n - s) is refused, with the other v too", () => {
    fc.assert(
      fc.property(secretKey, message, (secret, bytes) => {
        const signer = suite.signer(secret);
        const signature = signer.sign(bytes);
        const twin = signature.slice();
        twin.set(word(order - number(signature.subarray(32, 64))), 32);
        const twins = [twin];
        if (twin.length === 65) {
          const flipped = twin.slice();
          flipped[64] = twin[64] === 27 ? 28 : 27;
          twins.push(flipped);
        }
        for (const driver of drivers)
          for (const each of twins)
            expect(suite.verifier(signer.publicKey, driver).verify(each, bytes)).toBe(false);
      }),
      RUNS,
    );
  });

  test.each([
    ["r = 0", (s: Uint8Array) => s.fill(0, 0, 32)],
    ["s = 0", (s: Uint8Array) => s.fill(0, 32, 64)],
    ["r = n", (s: Uint8Array) => s.set(word(order), 0)],
    ["s = n", (s: Uint8Array) => s.set(word(order), 32)],
    ["r = 2^256 - 1", (s: Uint8Array) => s.fill(0xff, 0, 32)],
    ["s just above half the order", (s: Uint8Array) => s.set(word(order / 2n + 1n), 32)],
  ])("%s is refused", (_, change) => {
    const signer = suite.signer(new Uint8Array(32).fill(5));
    const bytes = Uint8Array.of(1);
    const signature = signer.sign(bytes);
    change(signature);
    for (const driver of drivers)
      expect(suite.verifier(signer.publicKey, driver).verify(signature, bytes)).toBe(false);
  });

  test.each([0n, order, order + 1n, 2n ** 256n - 1n])("secret key %s is refused", (secret) => {
    expect(() => suite.signer(word(secret))).toThrow(
      expect.objectContaining({ code: "SECRET_KEY_INVALID" }),
    );
  });
});
