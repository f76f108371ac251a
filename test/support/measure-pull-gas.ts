import type { Digest } from "../../src/core/ids.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import {
  createFeedFixture,
  namedHash,
  namedKey,
  namedSecret,
  signTuple,
  type FeedFixture,
} from "./feed-fixture.ts";
import type { GasFigures } from "./measure-gas.ts";
import { createPullConsumer, pullAbi } from "./pull-fixture.ts";
import type { TestChain } from "./test-chain.ts";

/** Fixed times: calldata, and so its price, is the same in every run. */
const START = 4_012_345_678;
const NOT_AFTER = START + 20_000_000;
const TRANSACTION = 21_000;

/** What a call costs over the 21,000 of any transaction. */
const spend = async ({ account }: FeedFixture, to: string, data: string): Promise<number> =>
  Number((await account.send("pull", { to, data })).gasUsed) - TRANSACTION;

/**
 * What verifying costs a consumer that pulls, on a fresh chain: over the 21,000 of the transaction, and beside that what
 * is left when the consumer reads its slot anyway (the cold read alone is 2,100).
 */
export const measurePullGas = async (chain: TestChain): Promise<GasFigures> => {
  const figures: Record<string, number> = {};
  const fixture = await createFeedFixture(chain);
  let time = START;
  const tick = async (): Promise<void> => {
    time += 10;
    await chain.ask("evm_setNextBlockTimestamp", time);
  };
  const keys: readonly SigningKey[] = ["p1", "p2", "p3"].map(namedKey);
  await tick();
  for (const key of keys) await fixture.attest(key, { notAfter: NOT_AFTER });
  for (const [name, count] of [
    ["pull, 1 signer", 1],
    ["pull, 3 signers", 3],
  ] as const) {
    const feedHash = namedHash(name);
    const members = keys.slice(0, count);
    await tick();
    const consumer = await createPullConsumer(fixture, {
      feedHash,
      keys: members,
      threshold: count,
    });
    const message = (round: number) =>
      signTuple(
        {
          feedHash,
          round,
          value: 265_010_000_000n + BigInt(round) * 1_234_567n,
          observedAt: time,
          validUntil: time + 3_600,
          statementDigest: `sha256:${namedSecret(`statement ${round}`).slice(2)}` as Digest,
        },
        members,
      );
    await tick();
    const check = await consumer.call("check", message(1));
    const touch = pullAbi.encodeFunctionData("touch");
    const total = await spend(fixture, consumer.address, check);
    await tick();
    figures[`${name}: over the 21,000`] = total;
    figures[`${name}: over a call that reads the consumer's slot`] =
      total - (await spend(fixture, consumer.address, touch));
    for (const round of [2, 3]) {
      await tick();
      const data = await consumer.call("useNewer", message(round));
      const gas = await spend(fixture, consumer.address, data);
      if (round === 3) figures[`${name}: remembered and announced, over the 21,000`] = gas;
    }
  }
  return figures;
};

/**
 * The targets were set over floors without any storage, 5,013 and 13,805. Revocation needs a slot, and a cold one costs
 * 2,100: with one signer the floor is then 7,113 already. So they stand on the rows beyond the consumer's own slot.
 */
export const pullGasTargets: GasFigures = {
  "pull, 1 signer: over a call that reads the consumer's slot": 6_500,
  "pull, 3 signers: over a call that reads the consumer's slot": 16_500,
};
