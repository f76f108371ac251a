import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes } from "../bytes.ts";
import { GROUP_ORDER, wordOf } from "../frost/ecrecover-challenge.ts";
import {
  ecrecoverSignature,
  schnorrSecp256k1Keccak256Suite as suite,
  SCHNORR_SIGNATURE_BYTES,
} from "./schnorr-secp256k1-keccak256.ts";
import { secp256k1Keccak256Suite } from "./secp256k1-keccak256.ts";

const { Point } = secp256k1;
const secret = wordOf(4711n);
const { publicKey } = suite.signer(secret);
const message = Uint8Array.of(1, 2, 3);
const drivers = [suite.reference, suite.fast];
const numberOf = (bytes: Uint8Array) => Point.Fn.fromBytes(bytes);

test("two signatures of one message are different, and both hold", () => {
  const [one, two] = [suite.sign(message, secret), suite.sign(message, secret)];
  expect(one).not.toEqual(two);
  for (const signature of [one, two]) {
    expect(signature).toHaveLength(SCHNORR_SIGNATURE_BYTES);
    for (const driver of drivers)
      expect(suite.verifier(publicKey, driver).verify(signature, message)).toBe(true);
  }
});

test.each([
  ["0", 0n],
  ["1", 1n],
  ["n - 1", GROUP_ORDER - 1n],
  ["n", GROUP_ORDER],
  ["n + 1", GROUP_ORDER + 1n],
  ["2^256 - 1", 2n ** 256n - 1n],
])("z = %s is refused by both drivers", (_name, z) => {
  const signature = concatBytes(wordOf(z), suite.sign(message, secret).subarray(32));
  for (const driver of drivers)
    expect(suite.verifier(publicKey, driver).verify(signature, message)).toBe(false);
});

test("n - z, the address of nothing, and R of another signature are refused", () => {
  const [one, two] = [suite.sign(message, secret), suite.sign(message, secret)];
  const tries = [
    concatBytes(wordOf(GROUP_ORDER - numberOf(one.subarray(0, 32))), one.subarray(32)),
    concatBytes(one.subarray(0, 32), new Uint8Array(20)),
    concatBytes(one.subarray(0, 32), two.subarray(32)),
  ];
  for (const signature of tries)
    for (const driver of drivers)
      expect(suite.verifier(publicKey, driver).verify(signature, message)).toBe(false);
});

test("the key with the other y is another key, and so is one that is related", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 1_000n }), (shift) => {
      const signature = suite.sign(message, secret);
      const key = Point.fromBytes(publicKey);
      for (const other of [key.negate(), key.add(Point.BASE.multiply(shift))])
        for (const driver of drivers)
          expect(suite.verifier(other.toBytes(false), driver).verify(signature, message)).toBe(
            false,
          );
    }),
    { numRuns: 10 },
  );
});

test("an ECDSA signature of the same key is nothing here, and the other way round", () => {
  const ecdsa = secp256k1Keccak256Suite.sign(message, secret);
  expect(suite.verify(ecdsa.subarray(0, 52), message, publicKey)).toBe(false);
  expect(secp256k1Keccak256Suite.verify(suite.sign(message, secret), message, publicKey)).toBe(
    false,
  );
});

test("a signature as RFC 9591 writes it with z = 0 becomes none", () => {
  const R = Point.BASE.multiply(9n).toBytes();
  expect(() => ecrecoverSignature(concatBytes(R, new Uint8Array(32)))).toThrow(Error);
  expect(ecrecoverSignature(concatBytes(R, wordOf(1n)))).toHaveLength(52);
});
