import { beforeAll, describe, expect, it } from "vitest";
import { registerGroup, setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import { aggregateShares } from "../../src/crypto/frost/aggregate-shares.ts";
import { groupPoint } from "../../src/crypto/frost/group-point.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  type FeedFixture,
  namedKey,
  namedSecret,
  verifiers,
  WORKLOAD,
} from "../support/feed-fixture.ts";
import {
  makeGroup,
  memberKeys,
  reshare,
  signTogether,
  type TestGroup,
} from "../support/group-fixture.ts";

// What a group without a dealer signs, on a real chain: the contract's own equation.

const ENTRY_OF_GROUPS = "0x0000001a";
let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

/** A feed with a list of three keys and this group beside it. */
const feedFor = async (name: string, group: TestGroup) => {
  const { account, contracts } = fixture;
  const keys = ["a", "b", "c"].map((each) => namedKey(`${name} ${each}`));
  const feed = await fixture.feed(name, { keys, threshold: 2 });
  const { x, parity, address } = groupPoint(group.statement.key);
  const { threshold: k, epoch } = group.statement;
  const attestation = {
    key: address,
    x,
    parity,
    k,
    epoch,
    members: keys.map(addressOf),
    workload: WORKLOAD,
    tee: "simulator" as const,
    hardware: false,
    svn: 1,
    notAfter: (await fixture.now()) + 86_400,
    evidenceId: namedSecret("evidence of the group"),
    policyDigest: namedSecret("policy"),
  };
  await registerGroup(account, contracts.keys, attestation, verifiers.slice(0, 2));
  await setFeedGroup(account, contracts.registry, { feedHash: feed.feedHash, group: address });
  const submit = async (round: number, sign: (hash: Uint8Array) => Uint8Array): Promise<string> => {
    const message = await feed.message(round, { signers: [] });
    const hash = keccak256(preAuthEncoding(OBSERVATION_SOLABI_TYPE, message.payload));
    const data = await feed.packed({ ...message, signatures: [sign(hash)] });
    const sent = await feed.send(data);
    return "code" in sent ? sent.code : data.slice(0, 10);
  };
  return { ...feed, submit };
};

const signing = (group: TestGroup, indices: readonly number[]) => (hash: Uint8Array) => {
  const { session, shares } = signTogether(group, indices, hash);
  return aggregateShares(session, shares).signature;
};

describe("a group on chain", () => {
  it("is taken whichever k members sign, and after a resharing without a word to the contract", async () => {
    const group = await makeGroup(2, 3);
    const feed = await feedFor("frost", group);
    let round = 0;
    for (const indices of [
      [1, 2],
      [3, 1],
      [2, 3],
      [1, 2, 3],
    ]) {
      round += 1;
      expect(await feed.submit(round, signing(group, indices))).toBe(ENTRY_OF_GROUPS);
      expect((await feed.latest())[0]).toBe(BigInt(round));
    }
    const next = await reshare(group, [...group.keys.slice(1), ...memberKeys(2)], 3, [2, 3]);
    expect(await feed.submit(round + 1, signing(next, [1, 3, 4]))).toBe(ENTRY_OF_GROUPS);
  });

  it("is taken with an odd y as with an even one", async () => {
    const seen = new Set<number>();
    // Each parity is one in two: forty tries without both is once in 2^39.
    for (let tries = 0; seen.size < 2 && tries < 40; tries += 1) {
      const group = await makeGroup(2, 2);
      const { parity } = groupPoint(group.statement.key);
      if (seen.has(parity)) continue;
      seen.add(parity);
      const feed = await feedFor(`parity ${parity}`, group);
      expect(await feed.submit(1, signing(group, [1, 2]))).toBe(ENTRY_OF_GROUPS);
    }
    expect(seen).toEqual(new Set([27, 28]));
  });

  it("is refused for another hash, z of another signature, z + 1, and another group", async () => {
    const [group, other] = [await makeGroup(2, 2), await makeGroup(2, 2)];
    const feed = await feedFor("refused", group);
    const wrong: readonly ((hash: Uint8Array) => Uint8Array)[] = [
      (hash) => signing(group, [1, 2])(keccak256(hash)),
      signing(other, [1, 2]),
      (hash) => {
        const signature = signing(group, [1, 2])(hash).slice();
        signature[31] = ((signature[31] ?? 0) + 1) % 256;
        return signature;
      },
      (hash) => {
        const [one, two] = [signing(group, [1, 2])(hash), signing(group, [1, 2])(hash)];
        return Uint8Array.of(...one.subarray(0, 32), ...two.subarray(32));
      },
    ];
    for (const sign of wrong) expect(await feed.submit(1, sign)).toMatch(/^ONCHAIN_/);
    expect(await feed.submit(1, signing(group, [1, 2]))).toBe(ENTRY_OF_GROUPS);
  });
});
