import type { Digest } from "../../src/core/ids.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import {
  createFeedFixture,
  namedHash,
  namedSecret,
  signTuple,
  type FeedFixture,
} from "./feed-fixture.ts";
import type { TestChain } from "./test-chain.ts";

/** Gas by what was done; whole transactions, except for reads. */
export type GasFigures = Readonly<Record<string, number>>;

/** Fixed times: calldata, and so its price, is the same in every run. */
const START = 4_012_345_678;
/** End of every attestation. */
export const GAS_NOT_AFTER = START + 20_000_000;
/** What any transaction costs before it does something. */
export const TRANSACTION_GAS = 21_000;

/** A fresh chain whose times and signed messages are the same in every run. */
export interface GasStage extends FeedFixture {
  /** Sets the time of the next block, ten seconds on, and gives it, s. */
  tick(): Promise<number>;
  /** A round of the feed of this name, observed at the newest tick. */
  sign(name: string, round: number, signers: readonly SigningKey[]): SignedPayload;
}

/** Key registry, rules and feed registry on a fresh chain, deployed before the first tick. */
export const createGasStage = async (chain: TestChain): Promise<GasStage> => {
  const fixture = await createFeedFixture(chain);
  let time = START;
  return {
    ...fixture,
    tick: async () => {
      time += 10;
      await chain.ask("evm_setNextBlockTimestamp", time);
      return time;
    },
    sign: (name, round, signers) =>
      signTuple(
        {
          feedHash: namedHash(name),
          round,
          value: 265_010_000_000n + BigInt(round) * 1_234_567n,
          observedAt: time,
          validUntil: time + 3_600,
          statementDigest: `sha256:${namedSecret(`statement ${round}`).slice(2)}` as Digest,
        },
        signers,
      ),
  };
};
