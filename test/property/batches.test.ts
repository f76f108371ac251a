import { getBytes, hexlify } from "ethers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { proveBatchMember, verifyBatchProof } from "../../src/envelope/batch-proof.ts";
import {
  batchLeafOf,
  batchTreeOf,
  decodeOnchainBatch,
  encodeOnchainBatch,
  toOnchainBatch,
} from "../../src/envelope/batch-solabi.ts";
import { readBatchMembers } from "../../src/envelope/batch-members.ts";
import { encodeObservation } from "../../src/envelope/observation-json.ts";
import { startTestChain } from "../support/anvil.ts";
import { batchMembers, batchStatement, memberFeed, observe } from "../support/batch-fixture.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";
import { createTestBatch, type TestBatch } from "../support/test-batch.ts";

const NOW = 1_800_000_000;
const observations = fc.array(
  fc.option(
    fc.record({
      round: fc.integer({ min: 1, max: 0xffff_ffff }),
      value: fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
      age: fc.integer({ min: 0, max: 1_000_000 }),
    }),
    { nil: null, freq: 5 },
  ),
  { minLength: 1, maxLength: 40 },
);
interface Given {
  readonly round: number;
  readonly value: bigint;
  readonly age: number;
}
const membersOf = (list: readonly (Given | null)[]) =>
  batchMembers(
    list.map(
      (given, place) =>
        given &&
        observe(place, { round: given.round, value: given.value, observedAt: NOW - given.age }),
    ),
    (place) => place % 2 === 0,
  );

const node = (...parts: readonly Uint8Array[]): Uint8Array => keccak256(Buffer.concat(parts));
/** RFC 6962 section 2.1 as the RFC writes it, with keccak-256. */
const rootByTheBook = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [leaf] = leaves;
  if (!leaf) return node();
  if (leaves.length === 1) return node(Uint8Array.of(0), leaf);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return node(Uint8Array.of(1), rootByTheBook(leaves.slice(0, k)), rootByTheBook(leaves.slice(k)));
};

describe("a batch off chain", () => {
  it("has the root of RFC 6962's tree over its members, and a proof for each", () => {
    fc.assert(
      fc.property(observations, (list) => {
        const members = membersOf(list);
        const root = bytesToHex(batchTreeOf(members).root);
        expect(root).toBe(bytesToHex(rootByTheBook(members.map(batchLeafOf))));
        const statement = batchStatement(members, { round: 1, issuedAt: NOW, validUntil: NOW + 9 });
        const digest = digestOf(encodeObservation(statement));
        const tuple = toOnchainBatch(statement, digest);
        for (const [place, { observation }] of members.entries()) {
          const proof = proveBatchMember(statement, digest, memberFeed(place));
          expect(verifyBatchProof(proof, tuple)).toEqual(observation);
          const other = { ...proof, place: (place + 1) % members.length };
          if (members.length > 1)
            expect(() => verifyBatchProof(other, tuple)).toThrow(
              expect.objectContaining({ code: "INCLUSION_PROOF_WRONG" }),
            );
        }
      }),
      { numRuns: 25 },
    );
  });

  it("is read from its statement as it was written", () => {
    fc.assert(
      fc.property(observations, (list) => {
        const members = membersOf(list);
        const statement = batchStatement(members, { round: 1, issuedAt: NOW, validUntil: NOW + 9 });
        expect(readBatchMembers(statement)).toEqual(members);
        const tuple = toOnchainBatch(statement, digestOf(encodeObservation(statement)));
        expect(decodeOnchainBatch(encodeOnchainBatch(tuple))).toEqual(tuple);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the short way into a batch contract", () => {
  let fixture: FeedFixture;
  let single: TestBatch;
  let quorum: TestBatch;
  beforeAll(async () => {
    fixture = await createFeedFixture(await startTestChain());
    single = await createTestBatch(fixture, { keys: [namedKey("one")], size: 3, ringSize: 2 });
    const keys = ["a", "b", "c", "d"].map((name) => namedKey(`many ${name}`));
    quorum = await createTestBatch(fixture, { keys, size: 3, threshold: 2 });
  });

  /** Whether calldata would be accepted by the batch, and by `BatchLogic` alone in its storage. */
  const judge = async (batch: TestBatch, data: string) => {
    const call = { from: fixture.account.signer.address, to: batch.address, data };
    const code = `0x363d3d373d3d3d363d73${batch.logic.slice(2)}5af43d82803e903d91602b57fd5bf3`;
    const { rpc } = fixture.chain;
    const [fast, plain] = await Promise.all([
      rpc.ask("eth_call", [call, "latest"]),
      rpc.ask("eth_call", [call, "latest", { [batch.address]: { code } }]),
    ]);
    return { fast: fast.ok, plain: plain.ok };
  };

  it("accepts exactly what the plain rules accept, whatever is changed", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          many: fc.boolean(),
          pair: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 }),
          ahead: fc.integer({ min: -100, max: 100 }),
          validFor: fc.integer({ min: 0, max: 200 }),
          change: fc.option(
            fc.record({ at: fc.nat({ max: 500 }), mask: fc.integer({ min: 1, max: 255 }) }),
            { nil: null },
          ),
        }),
        async ({ many, pair, ahead, validFor, change }) => {
          const batch = many ? quorum : single;
          const now = await fixture.now();
          const issuedAt = now + ahead;
          const members = batchMembers(
            [0, 1, 2].map((place) => observe(place, { round: 1, observedAt: now })),
          );
          const signers = many ? pair.flatMap((at) => batch.keys[at] ?? []) : batch.keys;
          const facts = { round: 1, issuedAt, validUntil: issuedAt + validFor + 1 };
          const bytes = getBytes(await batch.encode(batch.sign(members, facts, signers), "root"));
          if (change) {
            const at = change.at % bytes.length;
            bytes[at] = (bytes[at] ?? 0) ^ change.mask;
          }
          const { fast, plain } = await judge(batch, hexlify(bytes));
          expect(fast).toBe(plain);
          if (change === null) expect(fast).toBe(ahead <= 60 && ahead + validFor + 1 >= 0);
          if (fast) accepted += 1;
        },
      ),
      { numRuns: 80 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it("keeps the head that the plain rules keep", async () => {
    const now = await fixture.now();
    const members = batchMembers(
      [0, 1, 2].map((place) => observe(place, { round: 1, observedAt: now })),
    );
    const headOf = async () =>
      await fixture.chain.ask("eth_getStorageAt", single.address, "0x0", "latest");
    const data = await single.encode(single.sign(members, { round: 1, issuedAt: now }), "root");
    const snapshot = await fixture.chain.ask("evm_snapshot");
    await single.send(data);
    const fast = await headOf();
    await fixture.chain.ask("evm_revert", snapshot);
    const code = `0x363d3d373d3d3d363d73${single.logic.slice(2)}5af43d82803e903d91602b57fd5bf3`;
    await fixture.chain.ask("anvil_setCode", single.address, code);
    await single.send(data);
    expect(await headOf()).toBe(fast);
    expect(hexToBytes(String(fast)).length).toBe(32);
  });
});
