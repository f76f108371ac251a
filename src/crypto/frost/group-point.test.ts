import { computeAddress } from "ethers";
import { expect, test } from "vitest";
import { createSigningKey } from "../key-record.ts";
import { groupPoint } from "./group-point.ts";

test("x, parity and address of a group's key are the point's", () => {
  const seen = new Set<number>();
  for (let tries = 0; tries < 64 && seen.size < 2; tries += 1) {
    const { record } = createSigningKey("schnorr-secp256k1-keccak256");
    const { x, parity, address } = groupPoint(record);
    const prefix = parity === 27 ? "02" : "03";
    expect(computeAddress(`0x${prefix}${x.toString(16).padStart(64, "0")}`).toLowerCase()).toBe(
      address,
    );
    expect(address).toBe(record.address);
    seen.add(parity);
  }
  expect(seen).toEqual(new Set([27, 28]));
});

test("a key of another suite is no group's", () => {
  for (const suite of ["ed25519", "secp256k1-keccak256"] as const)
    expect(() => groupPoint(createSigningKey(suite).record)).toThrow(
      expect.objectContaining({ code: "KEY_RECORD_INVALID" }),
    );
});
