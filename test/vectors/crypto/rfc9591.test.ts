import { describe, expect, it } from "vitest";
import {
  defineFrostSuite,
  ecrecoverFrost,
  identifierOf,
  RFC_CONTEXT,
} from "../../../src/crypto/frost/frost-suites.ts";
import { bytesToHex, hexToBytes } from "../../../src/crypto/bytes.ts";

// RFC 9591 appendix E.5: FROST(secp256k1, SHA-256), 2 of 3, signers 1 and 3.
const GROUP = {
  secret: "0d004150d27c3bf2a42f312683d35fac7394b1e9e318249c1bfe7f0795a83114",
  key: "02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f",
  coefficient: "fbf85eadae3058ea14f19148bb72b45e4399c0b16028acaf0395c9b03c823579",
  message: "74657374",
  signature:
    "0205b6d04d3774c8929413e3c76024d54149c372d57aae62574ed74319b5ea14d0c65dde8492a7471437e6c2fe3da49b90d23f642b5c6dbe7e36089f096dd97324",
};
const SHARES: Readonly<Record<number, string>> = {
  1: "08f89ffe80ac94dcb920c26f3f46140bfc7f95b493f8310f5fc1ea2b01f4254c",
  2: "04f0feac2edcedc6ce1253b7fab8c86b856a797f44d83d82a385554e6e401984",
  3: "00e95d59dd0d46b0e303e500b62b7ccb0e555d49f5b849f5e748c071da8c0dbc",
};
const SIGNERS = [
  {
    index: 1,
    randomness: [
      "7ea5ed09af19f6ff21040c07ec2d2adbd35b759da5a401d4c99dd26b82391cb2",
      "47acab018f116020c10cb9b9abdc7ac10aae1b48ca6e36dc15acb6ec9be5cdc5",
    ],
    nonces: [
      "841d3a6450d7580b4da83c8e618414d0f024391f2aeb511d7579224420aa81f0",
      "8d2624f532af631377f33cf44b5ac5f849067cae2eacb88680a31e77c79b5a80",
    ],
    commitments: [
      "03c699af97d26bb4d3f05232ec5e1938c12f1e6ae97643c8f8f11c9820303f1904",
      "02fa2aaccd51b948c9dc1a325d77226e98a5a3fe65fe9ba213761a60123040a45e",
    ],
    share: "c4fce1775a1e141fb579944166eab0d65eefe7b98d480a569bbbfcb14f91c197",
  },
  {
    index: 3,
    randomness: [
      "e6cc56ccbd0502b3f6f831d91e2ebd01c4de0479e0191b66895a4ffd9b68d544",
      "7203d55eb82a5ca0d7d83674541ab55f6e76f1b85391d2c13706a89a064fd5b9",
    ],
    nonces: [
      "2b19b13f193f4ce83a399362a90cdc1e0ddcd83e57089a7af0bdca71d47869b2",
      "7a443bde83dc63ef52dda354005225ba0e553243402a4705ce28ffaafe0f5b98",
    ],
    commitments: [
      "03077507ba327fc074d2793955ef3410ee3f03b82b4cdc2370f71d865beb926ef6",
      "02ad53031ddfbbacfc5fbda3d3b0c2445c8e3e99cbc4ca2db2aa283fa68525b135",
    ],
    share: "0160fd0d388932f4826d2ebcd6b9eaba734f7c71cf25b4279a4ca2581e47b18d",
  },
];

const bytes = (text: string) => Uint8Array.from(hexToBytes(text));
const hex = (value: Uint8Array | undefined) => bytesToHex(value ?? new Uint8Array());
const secretOf = (index: number) => ({
  identifier: identifierOf(index),
  signingShare: bytes(SHARES[index] ?? ""),
});

describe("RFC 9591 appendix E.5, with the RFC's challenge", () => {
  const suite = defineFrostSuite(RFC_CONTEXT);
  const { commitment } = suite.utils.generateSecretPolynomial(
    { min: 2, max: 3 },
    bytes(GROUP.secret),
    [BigInt(`0x${GROUP.coefficient}`)],
  );
  const publicKeys = suite.trustedDealer({ min: 2, max: 3 }, undefined, bytes(GROUP.secret)).public;
  const keys = { ...publicKeys, commitments: commitment };

  it("has the group's key and shares", () => {
    expect(hex(commitment[0])).toBe(GROUP.key);
    for (const index of [1, 2, 3])
      expect(() => suite.validateSecret(secretOf(index), keys)).not.toThrow();
    const all = [secretOf(1), secretOf(2), secretOf(3)];
    expect(hex(suite.combineSecret(all, { min: 2, max: 3 }))).toBe(GROUP.secret);
  });

  const commit = ({ index, randomness }: (typeof SIGNERS)[number]) => {
    const left = randomness.map(bytes);
    return suite.commit(secretOf(index), () => left.shift() ?? new Uint8Array(32));
  };

  it.each(SIGNERS)("has the nonces and commitments of signer $index", (signer) => {
    const { nonces, commitments } = commit(signer);
    expect([hex(nonces.hiding), hex(nonces.binding)]).toEqual(signer.nonces);
    expect([hex(commitments.hiding), hex(commitments.binding)]).toEqual(signer.commitments);
  });

  it("gives the RFC's shares and signature", () => {
    const made = SIGNERS.map((signer) => ({ signer, ...commit(signer) }));
    const list = made.map(({ commitments }) => commitments);
    const message = bytes(GROUP.message);
    const shares = made.map(({ signer, nonces }) =>
      suite.signShare(secretOf(signer.index), keys, nonces, list, message),
    );
    expect(shares.map(hex)).toEqual(SIGNERS.map(({ share }) => share));
    const byIdentifier = Object.fromEntries(
      SIGNERS.map(({ index, share }) => [identifierOf(index), bytes(share)]),
    );
    const verifyingShares = Object.fromEntries(
      [1, 2, 3].map((index) => {
        const { commitment: point } = suite.utils.generateSecretPolynomial(
          { min: 2, max: 3 },
          bytes(SHARES[index] ?? ""),
        );
        return [identifierOf(index), point[0] ?? new Uint8Array()];
      }),
    );
    const whole = { ...keys, verifyingShares };
    for (const { index, share } of SIGNERS)
      expect(suite.verifyShare(whole, list, message, identifierOf(index), bytes(share))).toBe(true);
    const signature = suite.aggregate(whole, list, message, byIdentifier);
    expect(hex(signature)).toBe(GROUP.signature);
    expect(suite.verify(signature, message, bytes(GROUP.key))).toBe(true);
    // The same bytes are nothing under ours: another context string and another challenge.
    expect(ecrecoverFrost.verify(signature, new Uint8Array(32), bytes(GROUP.key))).toBe(false);
  });
});
