import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import { concatBytes, hexToBytes } from "../bytes.ts";
import { ed25519Suite as suite } from "./ed25519.ts";

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const littleEndian = (value: bigint): Uint8Array =>
  hexToBytes(value.toString(16).padStart(64, "0"), 32).toReversed();
const toNumber = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
const drivers = [suite.reference, suite.fast];

test("(R, s + L) is not a second signature", () => {
  const signer = suite.signer(new Uint8Array(32).fill(1));
  const message = Uint8Array.of(1);
  const signature = signer.sign(message);
  const twin = concatBytes(
    signature.subarray(0, 32),
    littleEndian(toNumber(signature.subarray(32)) + L),
  );
  for (const driver of drivers)
    expect(suite.verifier(signer.publicKey, driver).verify(twin, message)).toBe(false);
});

test("small-order and mixed-order keys are refused: one signature could hold for many messages", () => {
  const { Point } = ed25519;
  const torsion = Point.fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  const mixed = Point.BASE.multiply(7n).add(torsion);
  const wrong = [Point.ZERO.toBytes(), torsion.toBytes(), mixed.toBytes()];
  for (const publicKey of wrong)
    expect(() => suite.verifier(publicKey)).toThrow(
      expect.objectContaining({ code: "PUBLIC_KEY_INVALID" }),
    );
});

test("a non-canonical encoding of a point is refused", () => {
  // y = p + 1, an alias of y = 1.
  const alias = hexToBytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  expect(() => suite.verifier(alias)).toThrow(
    expect.objectContaining({ code: "PUBLIC_KEY_INVALID" }),
  );
});

test("a signer who adds torsion to its nonce point convinces neither driver", () => {
  // Where the cofactor is cleared this signature holds; noble's own verify accepts it.
  const { Point } = ed25519;
  const secret = new Uint8Array(32).fill(1);
  const { publicKey } = suite.signer(secret);
  const { scalar } = ed25519.utils.getExtendedPublicKey(secret);
  const torsion = Point.fromHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  const message = Uint8Array.of(1, 2, 3);
  const nonce = 123_456_789n;
  const r = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const k = toNumber(sha512(concatBytes(r, publicKey, message))) % L;
  const signature = concatBytes(r, littleEndian((nonce + k * scalar) % L));
  expect(ed25519.verify(signature, message, publicKey)).toBe(true);
  for (const driver of drivers)
    expect(suite.verifier(publicKey, driver).verify(signature, message)).toBe(false);
});

test("the identity as nonce point convinces no driver, on any Node", () => {
  const secret = new Uint8Array(32).fill(1);
  const { publicKey } = suite.signer(secret);
  const { scalar } = ed25519.utils.getExtendedPublicKey(secret);
  const message = Uint8Array.of(1, 2, 3);
  const r = ed25519.Point.ZERO.toBytes();
  const k = toNumber(sha512(concatBytes(r, publicKey, message))) % L;
  const signature = concatBytes(r, littleEndian((k * scalar) % L));
  expect(ed25519.verify(signature, message, publicKey)).toBe(true);
  for (const driver of drivers)
    expect(suite.verifier(publicKey, driver).verify(signature, message)).toBe(false);
});
