import { concat, dataLength, dataSlice, getBytes, hexlify, keccak256 } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { registerKey, setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import type { BatchForm } from "../../src/adapters/evm/encode-batch.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { proveBatchMember } from "../../src/envelope/batch-proof.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  batchMembers,
  memberFeed,
  memberHash,
  observe,
  proofArguments,
} from "../support/batch-fixture.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  verifiers,
  WORKLOAD,
  type FeedFixture,
} from "../support/feed-fixture.ts";
import { createTestBatch, type TestBatch } from "../support/test-batch.ts";

const FORMS: readonly BatchForm[] = ["stored", "packed", "root"];
const SIZE = 6;
const places = Array.from({ length: SIZE }, (_, place) => place);

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

let count = 0;
const open = async (
  options: Partial<Parameters<typeof createTestBatch>[1]> = {},
): Promise<TestBatch> => {
  count += 1;
  const keys = [namedKey(`hostile batch ${count}`)];
  return await createTestBatch(fixture, { keys, size: SIZE, ...options });
};
const membersAt = (round: number, observedAt: number) =>
  batchMembers(places.map((place) => observe(place, { round, observedAt })));

/** A refused call changes nothing, whether it is simulated or sent. */
const refuses = async (batch: TestBatch, data: string): Promise<string | null> => {
  const before = await batch.state();
  const refusal = await batch.refusal(data);
  expect(await batch.state()).toEqual(before);
  return refusal;
};

describe.each(FORMS)("a batch in the form %s is refused", (form) => {
  it("when it is forged, altered or signed by a stranger", async () => {
    const batch = await open({ form });
    const now = await fixture.now();
    const stranger = namedKey("a stranger");
    const good = batch.sign(membersAt(1, now), { round: 1, issuedAt: now });
    const data = await batch.encode(good, form);
    const forged = batch.sign(membersAt(1, now), { round: 1, issuedAt: now }, [stranger]);
    // One key and one signature: the encoder leaves it to the contract to judge.
    expect(await refuses(batch, await batch.encode(forged, form))).toBe("ONCHAIN_SIGNER_UNKNOWN");
    const bytes = getBytes(data);
    // Every byte of the report, of the content and of what is written out is under the signature.
    for (const at of [4, 8, 19, 40, 67, bytes.length - 1, bytes.length - 20]) {
      const altered = bytes.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(await refuses(batch, hexlify(altered)), `byte ${at}`).not.toBeNull();
    }
    expect(await refuses(batch, data)).toBeNull();
  });

  it("when it is old, or there already", async () => {
    const batch = await open({ form });
    const now = await fixture.now();
    const encode = async (round: number, issuedAt: number) =>
      await batch.encode(batch.sign(membersAt(round, now + round), { round, issuedAt }), form);
    const [first, second] = [await encode(1, now + 1), await encode(2, now + 2)];
    await batch.send(second);
    expect(await refuses(batch, second)).toBe("DuplicateBatch");
    expect(await refuses(batch, first)).toBe("OldBatch");
    // A higher number does not make an older batch newer.
    expect(await refuses(batch, await encode(3, now))).toBe("OldBatch");
  });

  it("when it comes in another form, so that nobody keeps out the one that is asked for", async () => {
    const batch = await open({ form });
    const now = await fixture.now();
    const signed = batch.sign(membersAt(1, now), { round: 1, issuedAt: now });
    for (const other of FORMS.filter((one) => one !== form))
      expect(await refuses(batch, await batch.encode(signed, other)), other).toBe("WrongForm");
    await batch.send(await batch.encode(signed, form));
  });

  it("when it is dated ahead, or has run out", async () => {
    const batch = await open({ form });
    const now = await fixture.now();
    const at = async (issuedAt: number, validUntil: number) =>
      await batch.encode(batch.sign(membersAt(1, now), { round: 1, issuedAt, validUntil }), form);
    expect(await refuses(batch, await at(now + 1_000, now + 2_000))).toBe("FutureDated");
    expect(await refuses(batch, await at(now - 100, now - 10))).toBe("ObservationExpired");
  });

  it("when it is cut, padded or oversized", async () => {
    const batch = await open({ form });
    const now = await fixture.now();
    const data = await batch.encode(
      batch.sign(membersAt(1, now), { round: 1, issuedAt: now }),
      form,
    );
    expect(await refuses(batch, concat([data, "0x00"]))).toBe("ONCHAIN_LENGTH_WRONG");
    expect(await refuses(batch, dataSlice(data, 0, dataLength(data) - 1))).toBe(
      "ONCHAIN_LENGTH_WRONG",
    );
    const many = concat([data, `0x${"00".repeat(23 * 33 * 20)}`]);
    expect(await refuses(batch, many)).toBe("ONCHAIN_LENGTH_WRONG");
    expect(await refuses(batch, dataSlice(data, 0, 40))).not.toBeNull();
  });

  it("when it is under-signed, or its key was revoked, expired or is offline", async () => {
    const keys = ["u1", "u2", "u3"].map((name) => namedKey(`${form} ${name}`));
    const batch = await createTestBatch(fixture, { keys, size: SIZE, threshold: 2, form });
    const now = await fixture.now();
    const [a, b, c] = batch.keys;
    if (!a || !b || !c) throw new Error("three keys");
    const sign = (signers: readonly (typeof a)[], round = 1) =>
      batch.sign(membersAt(round, now + round), { round, issuedAt: now + round }, signers);
    await expect(batch.encode(sign([a]), form)).rejects.toThrow(/do not fit/);
    await batch.send(await batch.encode(sign([a, c]), form));
    const pair = await batch.encode(sign([a, b], 2), form);
    expect(await batch.refusal(pair)).toBeNull();
    const { account, contracts } = fixture;
    await setKeyStatus(account, contracts.keys, { key: addressOf(b), status: "COMPROMISED" });
    expect(await refuses(batch, pair)).toBe("ONCHAIN_KEY_NOT_ACTIVE");
    // Two are left, and two are enough.
    await batch.send(await batch.encode(sign([a, c], 3), form));
    await setKeyStatus(account, contracts.keys, { key: addressOf(c), status: "OFFLINE" });
    await expect(batch.encode(sign([a, c], 4), form)).rejects.toThrow(/do not fit/);
  });

  it("when it is another batch's, or of another contract's signers", async () => {
    const [batch, other] = [await open({ form }), await open({ form })];
    const now = await fixture.now();
    const data = await other.encode(
      other.sign(membersAt(1, now), { round: 1, issuedAt: now }),
      form,
    );
    expect(await refuses(batch, data)).toBe("ONCHAIN_SIGNER_NOT_ADMITTED");
    const larger = await createTestBatch(fixture, { keys: batch.keys, size: SIZE + 1, form });
    const foreign = larger.sign(
      batchMembers([...places, SIZE].map((place) => observe(place, { round: 1, observedAt: now }))),
      { round: 1, issuedAt: now },
    );
    // Same key, other members: another name under the signature.
    expect(await refuses(batch, await batch.encode(foreign, form))).toBe("ONCHAIN_SIGNER_UNKNOWN");
  });
});

describe("items of a stored batch", () => {
  it("are refused one by one, seen as such, and spoil nothing", async () => {
    const batch = await open({ form: "stored" });
    const now = await fixture.now();
    await batch.send(
      await batch.encode(
        batch.sign(membersAt(5, now - 50), { round: 1, issuedAt: now - 5 }),
        "stored",
      ),
    );
    const mixed = batchMembers([
      observe(0, { round: 6, observedAt: now - 10 }),
      observe(1, { round: 4, observedAt: now - 10 }),
      observe(2, { round: 6, observedAt: now - 50 }),
      observe(3, { round: 6, observedAt: now + 1_000 }),
      observe(4, { round: 6, observedAt: now - 40, validUntil: now - 20 }),
      observe(5, { round: 5, observedAt: now - 50 }),
    ]);
    const signed = batch.sign(mixed, { round: 2, issuedAt: now, validUntil: now + 100 });
    const receipt = await batch.send(await batch.encode(signed, "stored"));
    expect(batch.events(receipt)).toEqual([
      "AnswerUpdated",
      ...Array.from({ length: 4 }, () => "ItemRefused"),
      "ItemsStored",
    ]);
    const rounds = await Promise.all(
      places.map(async (place) => (await batch.read("itemAt", place))[0]),
    );
    expect(rounds).toEqual([6n, 5n, 5n, 5n, 5n, 5n]);
  });

  it("cannot use up a member's rounds", async () => {
    const batch = await open({ form: "stored" });
    const now = await fixture.now();
    const send = async (round: number, at: number) =>
      await batch.send(
        await batch.encode(batch.sign(membersAt(round, at), { round: 1, issuedAt: at }), "stored"),
      );
    await send(1, now - 20);
    expect(batch.events(await send(0xffff_ffff, now - 10))).toEqual([
      ...places.map(() => "ItemRefused"),
      "ItemsStored",
    ]);
    // What the time between makes plausible goes on, the plain way.
    expect(batch.events(await send(70_000, now - 5))).toEqual([
      ...places.map(() => "AnswerUpdated"),
      "ItemsStored",
    ]);
  });
});

describe("a proof", () => {
  it("holds for its own member, place, batch and contract only", async () => {
    const batch = await open({ ringSize: 3 });
    const now = await fixture.now();
    const observations = places.map((place) =>
      place === 4 ? null : observe(place, { round: 1, observedAt: now }),
    );
    const members = batchMembers(observations);
    const signed = batch.sign(members, { round: 1, issuedAt: now });
    await batch.send(await batch.encode(signed, "root"));
    const digest = digestOf(signed.statement);
    const proofOf = (place: number) =>
      proveBatchMember(signed.statementOf, digest, memberFeed(place));
    const ask = async (proof: ReturnType<typeof proofOf>, feedHash: string = proof.feedHash) => [
      feedHash,
      ...proofArguments(proof).slice(1),
    ];
    const verify = async (...values: Parameters<typeof ask>) =>
      (await batch.read("verify", ...(await ask(...values))))[0];
    for (const place of places) expect(await verify(proofOf(place))).toBe(true);
    const proof = proofOf(1);
    const [sibling = ""] = proof.path;
    const wrong = [
      { ...proof, place: 0 },
      { ...proof, place: 255 },
      { ...proof, round: 2 },
      { ...proof, issuedAt: now - 1 },
      { ...proof, validUntil: proof.validUntil + 1 },
      { ...proof, root: keccak256(proof.root) },
      { ...proof, storedHash: proof.packedHash },
      { ...proof, path: proof.path.slice(1) },
      { ...proof, path: [...proof.path, sibling] },
      { ...proof, path: [] },
      { ...proof, leaf: proofOf(0).leaf },
      // A node for a leaf: the two hashes under it have no name at their beginning.
      { ...proof, leaf: `${proof.leaf}00` },
      { ...proof, leaf: "0x" },
    ];
    for (const each of wrong) expect(await verify(each)).toBe(false);
    expect(await verify(proof, memberHash(2))).toBe(false);
    // Proved to have none: verified as such, and never read as a value.
    const reading = batch.read("read", ...(await ask(proofOf(4))));
    await expect(reading).rejects.toMatchObject({ code: expect.any(String) });
    expect((await batch.read("read", ...(await ask(proof))))[0]).toBe(observations[1]?.value);
  });

  it("of an older batch is refused by readers, and kept for verifiers as long as the ring is", async () => {
    const batch = await open({ ringSize: 2 });
    const now = await fixture.now();
    const asks: (readonly unknown[])[] = [];
    for (let round = 1; round <= 4; round++) {
      const at = now - 10 + round;
      const signed = batch.sign(membersAt(round, at), { round, issuedAt: at });
      await batch.send(await batch.encode(signed, "root"));
      const proof = proveBatchMember(signed.statementOf, digestOf(signed.statement), memberFeed(0));
      asks.push(proofArguments(proof));
    }
    const known = await Promise.all(
      asks.map(async (values) => (await batch.read("verify", ...values))[0]),
    );
    expect(known).toEqual([false, true, true, true]);
    const [, , third = [], newest = []] = asks;
    await expect(batch.read("read", ...third)).rejects.toMatchObject({ code: expect.any(String) });
    expect((await batch.read("read", ...newest))[1]).toBe(4n);
  });
});

it("takes a renewed key's batches again after its attestation ran out", async () => {
  const key = namedKey("short-lived");
  const batch = await open({ keys: [key] });
  const { account, contracts, chain } = fixture;
  const now = await fixture.now();
  const attest = async (notAfter: number) =>
    await registerKey(
      account,
      contracts.keys,
      {
        key: addressOf(key),
        workload: WORKLOAD,
        tee: "simulator",
        hardware: false,
        svn: 1,
        notAfter,
        evidenceId: `0x${"11".repeat(32)}`,
        policyDigest: `0x${"22".repeat(32)}`,
      },
      verifiers.slice(0, 2),
    );
  await attest(now + 100);
  const late = batch.sign(
    batchMembers(
      places.map((place) =>
        observe(place, { round: 1, observedAt: now + 150, validUntil: now + 900 }),
      ),
    ),
    { round: 1, issuedAt: now + 150 },
  );
  const data = await batch.encode(late, "root");
  await chain.ask("evm_setNextBlockTimestamp", now + 150);
  await chain.ask("evm_mine");
  expect(await refuses(batch, data)).toBe("ONCHAIN_KEY_EXPIRED");
  await attest(now + 10_000);
  await batch.send(await batch.encode(late, "root"));
  expect(await batch.read("latestBatch")).toEqual([BigInt(now + 150)]);
});
