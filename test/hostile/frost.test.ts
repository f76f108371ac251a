import { secp256k1 } from "@noble/curves/secp256k1.js";
import { beforeAll, describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import {
  aggregateShares,
  findBadShares,
  isShareRight,
} from "../../src/crypto/frost/aggregate-shares.ts";
import { GROUP_ORDER, wordOf } from "../../src/crypto/frost/ecrecover-challenge.ts";
import { createNonceBook } from "../../src/crypto/frost/nonce-book.ts";
import { commitNonces, makeSignatureShare } from "../../src/crypto/frost/sign-share.ts";
import { openSigningSession } from "../../src/crypto/frost/signing-session.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import { schnorrSecp256k1Keccak256Suite } from "../../src/crypto/suites/schnorr-secp256k1-keccak256.ts";
import { resign } from "../support/forge-message.ts";
import { makeGroup, reshare, signTogether, type TestGroup } from "../support/group-fixture.ts";
import { failureOf } from "../support/failure-of.ts";
import { at, replaced } from "../support/list-places.ts";

// What members, coordinators and strangers may try when a group signs. Each try ends in a code, and where a member
// cheats, in its name.

const { Point } = secp256k1;
const { Fn } = Point;
const HASH = keccak256(Uint8Array.of(1, 2, 3));

describe("signing", () => {
  let group: TestGroup;
  beforeAll(async () => {
    group = await makeGroup(2, 3);
  });
  const commit = (...indices: number[]) =>
    indices.flatMap((index) => commitNonces(at(group.signers, index - 1), 1));
  const open = (commitments: readonly unknown[], hash = HASH) =>
    openSigningSession(group.statement, commitments, hash);

  it("uses a nonce once, whatever comes after", async () => {
    const commitments = commit(1, 2);
    const signer = at(group.signers, 0);
    makeSignatureShare(signer, open(commitments));
    // The same session, another message, other partners: the nonce is gone.
    const again = [
      () => makeSignatureShare(signer, open(commitments)),
      () => makeSignatureShare(signer, open(commitments, keccak256(HASH))),
      () => makeSignatureShare(signer, open([at(commitments, 0), ...commit(3)])),
    ];
    for (const act of again) expect((await failureOf(act)).code).toBe("FROST_NONCE_UNKNOWN");
  });

  it("burns a nonce that is shown with another's commitment under its name", async () => {
    const signer = at(group.signers, 0);
    const [own, other] = [commit(1), commit(1)];
    const { nonce } = JSON.parse(at(own, 0).payload) as { nonce: string };
    const mixed = resign(at(other, 0), signer.key, (content) => ({ ...content, nonce }));
    const act = () => makeSignatureShare(signer, open([mixed, ...commit(2)]));
    expect((await failureOf(act)).code).toBe("FROST_COMMITMENTS_INVALID");
    expect(
      (await failureOf(() => makeSignatureShare(signer, open([...own, ...commit(2)])))).code,
    ).toBe("FROST_NONCE_UNKNOWN");
  });

  it("refuses commitments that are too few, doubled, of strangers, of another epoch or group, or no points", async () => {
    const other = await makeGroup(2, 3);
    const next = await reshare(group, group.keys, 2, [1, 2]);
    const [one, two] = [commit(1), commit(2)];
    const bend = (change: object) =>
      resign(at(two, 0), at(group.keys, 1), (content) => ({ ...content, ...change }));
    const cases: readonly [readonly unknown[], string][] = [
      [one, "FROST_COMMITMENTS_INVALID"],
      [[...one, ...one], "FROST_COMMITMENTS_INVALID"],
      [[...one, ...commit(1)], "FROST_COMMITMENTS_INVALID"],
      [[...one, ...commitNonces(at(other.signers, 1), 1)], "FROST_MEMBER_UNKNOWN"],
      [[...one, ...commitNonces(at(next.signers, 1), 1)], "FROST_EPOCH_WRONG"],
      [[...one, bend({ epoch: 1 })], "FROST_EPOCH_WRONG"],
      [[...one, bend({ group: "another" })], "FROST_EPOCH_WRONG"],
      [[...one, bend({ index: 3 })], "FROST_COMMITMENTS_INVALID"],
      [[...one, bend({ hiding: `02${"0".repeat(63)}5` })], "FROST_COMMITMENTS_INVALID"],
      [[...one, bend({ binding: `03${"f".repeat(64)}` })], "FROST_COMMITMENTS_INVALID"],
      [[...one, bend({ hiding: "00" })], "FROST_MESSAGE_INVALID"],
      [[...one, { ...at(two, 0), signature: at(one, 0).signature }], "FROST_MESSAGE_INVALID"],
      [[...one, { ...at(two, 0), keyid: at(one, 0).keyid }], "FROST_MESSAGE_INVALID"],
      [[...one, null], "FROST_COMMITMENTS_INVALID"],
      [Array.from({ length: 33 }, () => at(one, 0)), "FROST_COMMITMENTS_INVALID"],
    ];
    for (const [commitments, code] of cases)
      expect((await failureOf(() => open(commitments))).code).toBe(code);
    expect((await failureOf(() => open([...one, ...two], new Uint8Array(31)))).code).toBe(
      "FROST_COMMITMENTS_INVALID",
    );
  });

  it("names who sends a wrong share, and its signed share proves it to anyone", async () => {
    const { session, shares } = signTogether(group, [1, 2, 3], HASH);
    const wrong = [0n, 1n, GROUP_ORDER - 1n, GROUP_ORDER, 2n ** 256n - 1n].map((value) =>
      resign(at(shares, 1), at(group.keys, 1), (content) => ({
        ...content,
        share: bytesToHex(wordOf(value)),
      })),
    );
    for (const bad of wrong) {
      const all = replaced(shares, 1, bad);
      expect(await failureOf(() => aggregateShares(session, all))).toEqual({
        code: "FROST_SHARE_BAD",
        arguments: { members: "2" },
      });
      expect(findBadShares(session, all)).toEqual([bad]);
      expect(isShareRight(session, bad)).toBe(false);
    }
    expect(isShareRight(session, at(shares, 1))).toBe(true);
    const two = replaced(
      replaced(
        shares,
        0,
        resign(at(shares, 0), at(group.keys, 0), (content) => ({
          ...content,
          share: bytesToHex(wordOf(3n)),
        })),
      ),
      1,
      at(wrong, 1),
    );
    expect(await failureOf(() => aggregateShares(session, two))).toMatchObject({
      arguments: { members: "1, 2" },
    });
  });

  it("finds two errors that take each other away a good signature, and one alone a bad one", async () => {
    const { session, shares } = signTogether(group, [1, 2], HASH);
    const shift = (index: number, by: bigint) =>
      resign(at(shares, index), at(group.keys, index), (content) => ({
        ...content,
        share: bytesToHex(
          Fn.toBytes(Fn.add(Fn.fromBytes(hexToBytes(String(content["share"]), 32)), Fn.create(by))),
        ),
      }));
    const { signature } = aggregateShares(session, [shift(0, 5n), shift(1, -5n)]);
    expect(schnorrVerifies(signature)).toBe(true);
    expect(
      (await failureOf(() => aggregateShares(session, [shift(0, 5n), at(shares, 1)]))).code,
    ).toBe("FROST_SHARE_BAD");
  });

  const schnorrVerifies = (signature: Uint8Array, message = Uint8Array.of(1, 2, 3)): boolean =>
    createVerifyingKey(group.statement.key).verify(signature, message);

  it("takes no share of another session, member or group, and not one less than committed", async () => {
    const { session, shares } = signTogether(group, [1, 2], HASH);
    const { shares: others } = signTogether(group, [1, 2], HASH);
    const lent = resign(at(shares, 0), at(group.keys, 2), (content) => content);
    const posing = resign(at(shares, 0), at(group.keys, 2), (content) => ({
      ...content,
      index: 3,
    }));
    const cases: readonly [readonly unknown[], string][] = [
      [[at(shares, 0), at(others, 1)], "FROST_MESSAGE_INVALID"],
      [[at(shares, 0)], "FROST_MESSAGE_MISSING"],
      [[at(shares, 0), at(shares, 0)], "FROST_MESSAGE_MISSING"],
      [[lent, at(shares, 1)], "FROST_MESSAGE_INVALID"],
      [[posing, at(shares, 1)], "FROST_MESSAGE_INVALID"],
      [[], "FROST_MESSAGE_MISSING"],
    ];
    for (const [given, code] of cases)
      expect((await failureOf(() => aggregateShares(session, given))).code).toBe(code);
    const second = resign(at(shares, 0), at(group.keys, 0), (content) => ({
      ...content,
      share: bytesToHex(wordOf(3n)),
    }));
    expect((await failureOf(() => aggregateShares(session, [...shares, second]))).code).toBe(
      "FROST_EQUIVOCATION",
    );
  });

  it("in many sessions at once gives shares that fit their own session alone", async () => {
    // Wagner's attack (Drijvers and others, 2019) adds shares of parallel sessions to a new one. The binding factor makes
    // each share's nonce depend on message and all commitments: no sum over sessions is a share of another.
    const rounds = 24;
    const [honest, mallory] = [at(group.signers, 0), at(group.signers, 1)];
    const offered = commitNonces(honest, rounds);
    const sessions = offered.map((commitment, place) => {
      // The attacker commits last and knows every honest commitment.
      const own = commitNonces(mallory, 1);
      const hash = keccak256(Uint8Array.of(9, place));
      return { hash, session: open([commitment, ...own], hash) };
    });
    const shares = sessions.map(({ session }) => makeSignatureShare(honest, session));
    const values = shares.map((share) => (JSON.parse(share.payload) as { share: string }).share);
    expect(new Set(values).size).toBe(rounds);
    const scalars = values.map((value) => Fn.fromBytes(hexToBytes(value, 32)));
    for (const [place, { session }] of sessions.entries()) {
      expect(isShareRight(session, at(shares, place))).toBe(true);
      const sums = [
        at(scalars, (place + 1) % rounds),
        Fn.add(at(scalars, place), at(scalars, (place + 1) % rounds)),
        scalars.reduce((sum, each) => Fn.add(sum, each), 0n),
      ];
      for (const sum of sums) {
        const forged = resign(at(shares, place), honest.key, (content) => ({
          ...content,
          share: bytesToHex(Fn.toBytes(sum)),
        }));
        expect(isShareRight(session, forged)).toBe(false);
      }
    }
    for (const commitment of offered)
      expect(
        (await failureOf(() => makeSignatureShare(honest, open([commitment, ...commit(2)])))).code,
      ).toBe("FROST_NONCE_UNKNOWN");
  });

  it("holds a bounded number of nonces", async () => {
    const signer = at(group.signers, 0);
    const nonces = createNonceBook(signer.member, 3);
    expect((await failureOf(() => commitNonces({ ...signer, nonces }, 4))).code).toBe(
      "FROST_NONCES_FULL",
    );
    // Commitments that nobody ever uses do not end it: the oldest give way, and never sign.
    for (let round = 0; round < 9; round += 1)
      expect(commitNonces({ ...signer, nonces }, 3)).toHaveLength(3);
  });

  it("gives no signature with z or R of nothing, too large or small, or of another parity", () => {
    const { session, shares } = signTogether(group, [1, 2], HASH);
    const { signature } = aggregateShares(session, shares);
    const suite = schnorrSecp256k1Keccak256Suite;
    expect(schnorrVerifies(signature)).toBe(true);
    const withZ = (z: bigint) => Uint8Array.of(...wordOf(z), ...signature.subarray(32));
    const z = BigInt(`0x${bytesToHex(signature.subarray(0, 32))}`);
    const bad = [
      withZ(0n),
      withZ(1n),
      withZ(2n),
      withZ(GROUP_ORDER),
      withZ(GROUP_ORDER - z),
      withZ(GROUP_ORDER - 1n),
      withZ(2n ** 256n - 1n),
      ...(z + GROUP_ORDER < 2n ** 256n ? [withZ(z + GROUP_ORDER)] : []),
      Uint8Array.of(...signature.subarray(0, 32), ...new Uint8Array(20)),
      signature.subarray(0, 51),
      Uint8Array.of(...signature, 0),
      new Uint8Array(52),
      new Uint8Array(0),
    ];
    for (const each of bad) expect(schnorrVerifies(each)).toBe(false);
    // The key with the other y: the parity stands in the challenge.
    const spki = hexToBytes(bytesToHex(Buffer.from(group.statement.key.publicKey, "base64")));
    const key = Point.fromBytes(suite.importSpki(spki));
    expect(suite.verify(signature, Uint8Array.of(1, 2, 3), key.negate().toBytes(false))).toBe(
      false,
    );
  });

  it("takes no key whose x is no r", async () => {
    // x between n and p: p - n is about 2^128 values, so such points exist; no key generation meets one.
    let x = GROUP_ORDER;
    let bytes: Uint8Array | null = null;
    while (bytes === null) {
      x += 1n;
      try {
        bytes = Point.fromHex(`02${x.toString(16).padStart(64, "0")}`).toBytes(false);
      } catch {
        bytes = null;
      }
    }
    const point = bytes;
    expect(await failureOf(() => schnorrSecp256k1Keccak256Suite.exportSpki(point))).toMatchObject({
      code: "PUBLIC_KEY_INVALID",
    });
  });
});
