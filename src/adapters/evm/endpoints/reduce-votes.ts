import { z } from "zod";
import { quantity, toQuantity, type RpcAnswer } from "../evm-rpc.ts";
import { quantityOf } from "./answer-keys.ts";
import type { Vote } from "./gather.ts";

const ok = (result: unknown): RpcAnswer => ({ ok: true, result });
const descending = (a: bigint, b: bigint): number => (a < b ? 1 : a > b ? -1 : 0);

/** The largest number that `quorum` of them are at least; null when there are fewer. */
export const vouchedFor = (numbers: readonly bigint[], quorum: number): bigint | null =>
  numbers.toSorted(descending)[quorum - 1] ?? null;

const numbersOf = (votes: readonly Vote[]): bigint[] =>
  votes.flatMap(({ answer }) => quantityOf(answer) ?? []);

/** A quantity that a quorum says at least; null when too few gave one. */
export const reduceVouched = (votes: readonly Vote[], quorum: number): RpcAnswer | null => {
  const value = vouchedFor(numbersOf(votes), quorum);
  return value === null ? null : ok(toQuantity(value));
};

/**
 * The largest of a quorum of estimates that are within half of each other: clients differ by little, and too small a
 * limit costs a reverted transaction. Null when no quorum is that close.
 */
export const reduceEstimate = (votes: readonly Vote[], quorum: number): RpcAnswer | null => {
  const sorted = numbersOf(votes).toSorted(descending);
  for (const [index, largest] of sorted.entries()) {
    const smallest = sorted[index + quorum - 1];
    if (smallest !== undefined && largest * 2n <= smallest * 3n) return ok(toQuantity(largest));
  }
  return null;
};

const historySchema = z.object({
  oldestBlock: quantity,
  baseFeePerGas: z.array(quantity).max(1_025),
  gasUsedRatio: z.array(z.number()).max(1_024).default([]),
  reward: z.array(z.array(quantity).max(100)).max(1_024).default([]),
});

/** Whether an answer is a fee history. */
export const isFeeHistory = (answer: RpcAnswer): boolean =>
  answer.ok && historySchema.safeParse(answer.result).success;

const fromTheEnd = <Item>(list: readonly Item[], back: number): Item | undefined =>
  list[list.length - 1 - back];

/** Fee histories aligned at their newest block, number by number what a quorum says at least. Null when too few came. */
export const reduceHistory = (votes: readonly Vote[], quorum: number): RpcAnswer | null => {
  const histories = votes.flatMap(
    ({ answer }) => (answer.ok ? historySchema.safeParse(answer.result).data : undefined) ?? [],
  );
  const [first] = histories;
  if (first === undefined || histories.length < quorum) return null;
  const pick = (numbers: readonly (bigint | undefined)[]): string =>
    toQuantity(
      vouchedFor(
        numbers.filter((one) => one !== undefined),
        quorum,
      ) ?? 0n,
    );
  const baseFees = first.baseFeePerGas.map((_, back) =>
    pick(histories.map(({ baseFeePerGas }) => fromTheEnd(baseFeePerGas, back))),
  );
  const rewards = first.reward.map((row, back) =>
    row.map((_one, place) =>
      pick(histories.map(({ reward }) => fromTheEnd(reward, back)?.[place])),
    ),
  );
  const oldest =
    vouchedFor(
      histories.map(({ oldestBlock }) => oldestBlock),
      quorum,
    ) ?? 0n;
  return ok({
    oldestBlock: toQuantity(oldest),
    baseFeePerGas: baseFees.toReversed(),
    gasUsedRatio: first.gasUsedRatio,
    reward: rewards.toReversed(),
  });
};
