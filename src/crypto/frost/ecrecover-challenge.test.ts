import { secp256k1 } from "@noble/curves/secp256k1.js";
import { computeAddress, solidityPackedKeccak256 } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesToHex } from "../bytes.ts";
import { challengeOf, GROUP_ORDER, pointAddress, wordOf } from "./ecrecover-challenge.ts";

const { Point } = secp256k1;
const scalar = fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n });
const word = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("the challenge is what Solidity's abi.encodePacked and keccak256 give, modulo n", () => {
  fc.assert(
    fc.property(scalar, word, fc.uint8Array({ minLength: 20, maxLength: 20 }), (x, m, address) => {
      const key = Point.BASE.multiply(x);
      const packed = solidityPackedKeccak256(
        ["bytes32", "uint8", "bytes32", "address"],
        [
          `0x${key.x.toString(16).padStart(64, "0")}`,
          key.y & 1n ? 28 : 27,
          m,
          `0x${bytesToHex(address)}`,
        ],
      );
      expect(challengeOf(key, m, address)).toBe(BigInt(packed) % GROUP_ORDER);
    }),
    { numRuns: 30 },
  );
});

test("a point's address is its key's", () => {
  fc.assert(
    fc.property(scalar, (x) => {
      const point = Point.BASE.multiply(x);
      expect(`0x${bytesToHex(pointAddress(point))}`).toBe(
        computeAddress(`0x${point.toHex(false)}`).toLowerCase(),
      );
    }),
    { numRuns: 30 },
  );
});

test("a word is 32 bytes, the highest first", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
      expect(bytesToHex(wordOf(value))).toBe(value.toString(16).padStart(64, "0"));
    }),
  );
});

test("every part of what is signed changes the challenge", () => {
  const key = Point.BASE.multiply(7n);
  const [m, address] = [new Uint8Array(32).fill(1), new Uint8Array(20).fill(2)];
  const all = [
    challengeOf(key, m, address),
    challengeOf(key.negate(), m, address),
    challengeOf(Point.BASE.multiply(8n), m, address),
    challengeOf(
      key,
      m.map((byte, at) => (at === 31 ? byte + 1 : byte)),
      address,
    ),
    challengeOf(
      key,
      m,
      address.map((byte, at) => (at === 0 ? byte + 1 : byte)),
    ),
  ];
  expect(new Set(all).size).toBe(all.length);
});
