import { Transaction } from "ethers";
import { raiseFees, type FeePolicy, type Fees } from "../fee-policy.ts";
import type { Attempt } from "./job.ts";

/** 10,000 gwei: the cap where none is configured. */
const DEFAULT_CAP = 10_000_000_000_000n;

/** Most wei per gas that a chain's policy allows. */
export const feeCap = (policy: FeePolicy | undefined): bigint => {
  if (policy?.kind === "legacy") return policy.gasPrice;
  return policy?.maxFeePerGas ?? DEFAULT_CAP;
};

/** Highest price per gas that may be paid. */
export const highestPrice = (fees: Fees): bigint =>
  fees.type === 2 ? fees.maxFeePerGas : fees.gasPrice;

/** The fees that a stored attempt was made with. */
export const feesOf = (attempt: Pick<Attempt, "unsigned" | "raw">): Fees => {
  const transaction = Transaction.from(
    attempt.unsigned === "" ? (attempt.raw ?? "") : attempt.unsigned,
  );
  return transaction.type === 2
    ? {
        type: 2,
        maxFeePerGas: transaction.maxFeePerGas ?? 0n,
        maxPriorityFeePerGas: transaction.maxPriorityFeePerGas ?? 0n,
      }
    : { type: 0, gasPrice: transaction.gasPrice ?? 0n };
};

/** Least step that every node takes for a replacement: 10 %. */
const outbids = (paid: bigint, offered: bigint): boolean => offered * 10n >= paid * 11n;

/**
 * Fees that replace `paid` within the cap: an eighth more, and today's at least. Null when the cap leaves no room for the
 * tenth that nodes ask: then only a falling market helps.
 */
export const replacementFees = (paid: Fees, today: Fees, cap: bigint): Fees | null => {
  const raised = raiseFees(paid, today);
  const within = (fee: bigint): bigint => (fee > cap ? cap : fee);
  if (raised.type === 0) {
    const gasPrice = within(raised.gasPrice);
    const was = highestPrice(paid);
    return gasPrice > was && outbids(was, gasPrice) ? { type: 0, gasPrice } : null;
  }
  if (paid.type !== 2) return null;
  const maxFeePerGas = within(raised.maxFeePerGas);
  const maxPriorityFeePerGas =
    raised.maxPriorityFeePerGas > maxFeePerGas ? maxFeePerGas : raised.maxPriorityFeePerGas;
  const isEnough =
    outbids(paid.maxFeePerGas, maxFeePerGas) &&
    outbids(paid.maxPriorityFeePerGas, maxPriorityFeePerGas) &&
    maxFeePerGas > paid.maxFeePerGas;
  return isEnough ? { type: 2, maxFeePerGas, maxPriorityFeePerGas } : null;
};
