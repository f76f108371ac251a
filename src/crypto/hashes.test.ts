import { createHash } from "node:crypto";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { keccak256 as ethersKeccak256 } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesToHex } from "./bytes.ts";
import { wasmKeccak256 } from "./drivers/wasm-keccak.ts";
import { digestOf, keccak256, sha256, sha256Hex, sha256Into } from "./hashes.ts";

const message = fc.uint8Array({ maxLength: 600 });

test("SHA-256 of a message is the same by node, noble and ours", () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const expected = createHash("sha256").update(bytes).digest("hex");
      expect(bytesToHex(sha256(bytes))).toBe(expected);
      expect(sha256Hex(bytes)).toBe(expected);
      expect(digestOf(bytes)).toBe(`sha256:${expected}`);
      expect(bytesToHex(nobleSha256(bytes))).toBe(expected);
    }),
  );
});

test("sha256Into writes at its offset and nowhere else", () => {
  const target = new Uint8Array(40).fill(0xee);
  sha256Into(Uint8Array.of(1), target, 4);
  expect(target.subarray(4, 36)).toEqual(sha256(Uint8Array.of(1)));
  expect([...target.subarray(0, 4), ...target.subarray(36)]).toEqual(Array(8).fill(0xee));
});

test("the assembled Keccak-256 equals noble's at every length around its block", () => {
  expect(wasmKeccak256).not.toBeNull();
  for (let length = 0; length <= 3 * 136 + 1; length++) {
    const bytes = new Uint8Array(length).map((_, index) => index * 7 + length);
    expect(wasmKeccak256?.(bytes)).toEqual(keccak_256(bytes));
  }
});

test("Keccak-256 equals noble's and ethers' for any message, in any order of calls", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
      for (const bytes of messages) {
        const hash = keccak256(bytes);
        expect(hash).toEqual(keccak_256(bytes));
        expect(`0x${bytesToHex(hash)}`).toBe(ethersKeccak256(bytes));
      }
    }),
  );
});

test("the known hashes of the empty message", () => {
  expect(bytesToHex(keccak256(new Uint8Array()))).toBe(
    "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
  );
  expect(sha256Hex(new Uint8Array())).toBe(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});
