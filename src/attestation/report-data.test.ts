import { AbiCoder, id, keccak256 } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestSchema } from "../core/ids.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { keysetRoot, type Registration, reportData } from "./report-data.ts";

const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const keys = [createSigningKey("ed25519").record, createSigningKey("secp256k1-keccak256").record];
const registration: Registration = {
  profile: "cryptlet/js/v1",
  purpose: "register",
  keysetRoot: keysetRoot(keys),
  encryptionKey: "11".repeat(32),
  nonce: "22".repeat(32),
  cryptlet: "gold-price",
  manifestDigest: DIGEST,
  configId: DIGEST,
  notBefore: 1_700_000_000_000,
  notAfter: 1_800_000_000_000,
};

test("the layout is the one that a contract can compute: checked against ethers", () => {
  const word = (digest: string) => `0x${digest.slice(-64)}`;
  const types = [...Array<string>(8).fill("bytes32"), "uint256", "uint256"];
  const tuple = AbiCoder.defaultAbiCoder().encode(types, [
    id(registration.profile),
    id(registration.purpose),
    word(registration.keysetRoot),
    word(registration.encryptionKey),
    word(registration.nonce),
    id(registration.cryptlet),
    word(registration.manifestDigest),
    word(registration.configId),
    registration.notBefore,
    registration.notAfter,
  ]);
  const address = keys.find((key) => key.address !== undefined)?.address ?? "";
  expect(reportData(registration, keys, 5)).toBe(
    [
      address.slice(2),
      keccak256(tuple).slice(2),
      Buffer.from("CRY1").toString("hex"),
      "0000000000000005",
    ].join(""),
  );
});

test("it has 64 bytes, also without an on-chain key", () => {
  const data = reportData(registration, keys.slice(0, 1), 0xffff_ffff);
  expect(data).toMatch(/^0{40}[0-9a-f]{64}4352593100000000ffffffff$/);
});

test("the keyset's root does not depend on the order of the keys, and on every key", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(keys, { minLength: keys.length }), (shuffled) => {
      expect(keysetRoot(shuffled)).toBe(keysetRoot(keys));
    }),
  );
  expect(keysetRoot(keys.slice(1))).not.toBe(keysetRoot(keys));
});
