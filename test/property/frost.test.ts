import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { recoverAddress } from "ethers";
import { describe, expect, it } from "vitest";
import { aggregateShares } from "../../src/crypto/frost/aggregate-shares.ts";
import { combineShares } from "../../src/crypto/frost/dealing.ts";
import { challengeOf, GROUP_ORDER } from "../../src/crypto/frost/ecrecover-challenge.ts";
import { openSigningSession } from "../../src/crypto/frost/signing-session.ts";
import { commitNonces } from "../../src/crypto/frost/sign-share.ts";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import { suites } from "../../src/crypto/suites.ts";

import { resign } from "../support/forge-message.ts";
import { codeOf } from "../support/code-of.ts";
import {
  makeGroup,
  memberKeys,
  reshare,
  signTogether,
  type TestGroup,
} from "../support/group-fixture.ts";

const { Point } = secp256k1;
const { Fn } = Point;
const RUNS = { numRuns: 8 };

/** k, n and which of the n sign. */
const sizes = fc
  .integer({ min: 2, max: 7 })
  .chain((members) =>
    fc.tuple(
      fc.integer({ min: 2, max: members }),
      fc.constant(members),
      fc.shuffledSubarray(
        Array.from({ length: members }, (_, at) => at + 1),
        { minLength: members },
      ),
    ),
  )
  .map(([threshold, members, order]) => ({ threshold, members, order }));
const message = fc.uint8Array({ maxLength: 200 });

const keyOf = ({ statement }: TestGroup) => {
  const spki = decodeBase64(statement.key.publicKey, "key");
  return Point.fromBytes(suites["schnorr-secp256k1-keccak256"].importSpki(spki));
};

const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;

/** What the contract does, word for word, with another library's recovery. */
const ecrecoverAccepts = (group: TestGroup, hash: Uint8Array, signature: Uint8Array): boolean => {
  const key = keyOf(group);
  const z = BigInt(`0x${bytesToHex(signature.subarray(0, 32))}`);
  const address = signature.subarray(32);
  const e = challengeOf(key, hash, address);
  if (z === 0n || z >= GROUP_ORDER || e === 0n) return false;
  const digest = Fn.neg(Fn.mul(z, key.x));
  const s = Fn.neg(Fn.mul(e, key.x));
  const v = key.y & 1n ? 28 : 27;
  const { x } = key;
  // ethers refuses a high s; the precompile takes it: its twin with the other v recovers the same point.
  const twin = s > GROUP_ORDER / 2n;
  const parts = { r: word(x), s: word(twin ? GROUP_ORDER - s : s), v: twin ? 55 - v : v };
  const recovered = recoverAddress(word(digest), { r: parts.r, s: parts.s, v: parts.v as 27 | 28 });
  return recovered.toLowerCase() === `0x${bytesToHex(address)}`;
};

describe("a group without a dealer", () => {
  it("signs with any k of its n members, and ecrecover accepts", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, message, async ({ threshold, members, order }, text) => {
        const group = await makeGroup(threshold, members);
        const verifying = createVerifyingKey(group.statement.key);
        const hash = keccak256(text);
        for (const count of new Set([threshold, members])) {
          const { session, shares } = signTogether(group, order.slice(0, count), hash);
          const { signature, signers } = aggregateShares(session, shares);
          expect(signature.length).toBe(52);
          expect(signers).toEqual(order.slice(0, count).toSorted((a, b) => a - b));
          expect(verifying.verify(signature, text)).toBe(true);
          expect(verifying.verify(signature, Uint8Array.of(...text, 0))).toBe(false);
          expect(ecrecoverAccepts(group, hash, signature)).toBe(true);
          expect(ecrecoverAccepts(group, keccak256(hash), signature)).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it("does not sign with k - 1, whatever they add up", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, async ({ threshold, members, order }) => {
        const group = await makeGroup(threshold, members);
        const few = order.slice(0, threshold - 1);
        const commitments = few.flatMap((index) => {
          const signer = group.signers[index - 1];
          return signer ? commitNonces(signer, 1) : [];
        });
        expect(
          codeOf(() => openSigningSession(group.statement, commitments, new Uint8Array(32))),
        ).toBe("FROST_COMMITMENTS_INVALID");
        // Nor does what they hold together make the key: it is one point short of the polynomial.
        const secrets = few.flatMap((index) => group.signers[index - 1]?.member ?? []);
        const x = secrets.reduce((sum, { index, share }) => {
          const coefficient = secrets.reduce(
            (product, other) =>
              other.index === index
                ? product
                : Fn.mul(
                    product,
                    Fn.div(BigInt(other.index), Fn.create(BigInt(other.index - index))),
                  ),
            1n,
          );
          return Fn.add(sum, Fn.mul(coefficient, Fn.fromBytes(share)));
        }, 0n);
        expect(Point.BASE.multiply(x).equals(keyOf(group))).toBe(false);
      }),
      RUNS,
    );
  });

  it("keeps its key through resharings, and old shares are of no use with new ones", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (before, after) => {
        const old = await makeGroup(before.threshold, before.members);
        // Some stay, some are new.
        const keys = [
          ...old.keys.slice(0, Math.floor(after.members / 2)),
          ...memberKeys(after.members),
        ].slice(0, after.members);
        const dealers = before.order.slice(0, before.threshold);
        const group = await reshare(old, keys, after.threshold, dealers);
        expect(group.statement.key).toEqual(old.statement.key);
        expect(group.statement.epoch).toBe(1);
        expect(group.statement.previous).toBe(old.statement.transcript);
        const hash = keccak256(Uint8Array.of(1));
        const { session, shares } = signTogether(
          group,
          after.order.slice(0, after.threshold),
          hash,
        );
        const { signature } = aggregateShares(session, shares);
        expect(ecrecoverAccepts(old, hash, signature)).toBe(true);
        const mixed = [...old.signers.slice(0, 1), ...group.signers.slice(1)];
        const both = mixed.flatMap((signer) => commitNonces(signer, 1));
        expect(codeOf(() => openSigningSession(group.statement, both, hash))).toMatch(
          /^FROST_(EPOCH_WRONG|MEMBER_UNKNOWN)$/,
        );
      }),
      RUNS,
    );
  });

  it("names every member whose share is wrong", async () => {
    const group = await makeGroup(3, 5);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 3 }),
        fc.nat(10),
        async (indices, pick) => {
          const { session, shares } = signTogether(group, indices, keccak256(Uint8Array.of(7)));
          const culprit = indices[pick % indices.length] ?? 0;
          const forged = shares.map((share, at) =>
            indices[at] === culprit
              ? resign(share, group.signers[culprit - 1]?.key, (content) => ({
                  ...content,
                  share: bytesToHex(
                    combineShares([
                      Fn.toBytes(BigInt(`0x${String(content["share"])}`)),
                      Fn.toBytes(1n),
                    ]),
                  ),
                }))
              : share,
          );
          const error: unknown = await Promise.resolve()
            .then(() => aggregateShares(session, forged))
            .catch((caught: unknown) => caught);
          expect(error).toMatchObject({
            code: "FROST_SHARE_BAD",
            arguments: { members: String(culprit) },
          });
        },
      ),
      RUNS,
    );
  });
});
