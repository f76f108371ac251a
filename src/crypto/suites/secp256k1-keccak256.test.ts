import { Wallet, computeAddress, keccak256 as ethersKeccak256, recoverAddress } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import {
  evmAddress,
  recoverEvmAddress,
  secp256k1Keccak256Suite as suite,
} from "./secp256k1-keccak256.ts";

const message = fc.uint8Array({ maxLength: 300 });

test("ethers recovers our address from our signature", () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 2 ** 31 }), (bytes, seed) => {
      const secret = hexToBytes(seed.toString(16).padStart(64, "0"));
      const signer = suite.signer(secret);
      const signature = signer.sign(bytes);
      const address = evmAddress(signer.publicKey);
      expect(
        recoverAddress(ethersKeccak256(bytes), `0x${bytesToHex(signature)}`).toLowerCase(),
      ).toBe(address);
      expect(computeAddress(`0x${bytesToHex(secret)}`).toLowerCase()).toBe(address);
      expect(recoverEvmAddress(signature, bytes)).toBe(address);
      expect(suite.address(signer.publicKey)).toBe(address);
    }),
    { numRuns: 30 },
  );
});

test("we accept what ethers signs over the same hash", () => {
  const secret = new Uint8Array(32).fill(3);
  const bytes = Uint8Array.of(1, 2, 3);
  const signed = new Wallet(`0x${bytesToHex(secret)}`).signingKey.sign(ethersKeccak256(bytes));
  expect(hexToBytes(signed.serialized)).toEqual(suite.sign(bytes, secret));
});

test.each([0, 1, 2, 3, 26, 29, 30, 255])("v = %i is refused", (v) => {
  const signer = suite.signer(new Uint8Array(32).fill(3));
  const bytes = Uint8Array.of(1);
  const signature = signer.sign(bytes);
  signature[64] = v;
  for (const driver of [suite.reference, suite.fast])
    expect(suite.verifier(signer.publicKey, driver).verify(signature, bytes)).toBe(false);
  expect(() => recoverEvmAddress(signature, bytes)).toThrow(
    expect.objectContaining({ code: "SIGNATURE_WRONG" }),
  );
});

test("the wrong one of 27 and 28 is refused, as ecrecover would name another signer", () => {
  const signer = suite.signer(new Uint8Array(32).fill(3));
  const bytes = Uint8Array.of(1);
  const signature = signer.sign(bytes);
  signature[64] = signature[64] === 27 ? 28 : 27;
  for (const driver of [suite.reference, suite.fast])
    expect(suite.verifier(signer.publicKey, driver).verify(signature, bytes)).toBe(false);
  expect(recoverEvmAddress(signature, bytes)).not.toBe(evmAddress(signer.publicKey));
});

test("recovery of anything but 65 canonical bytes is a coded error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(() => recoverEvmAddress(bytes, bytes)).toThrow(
        expect.objectContaining({ code: "SIGNATURE_WRONG" }),
      );
    }),
  );
});
