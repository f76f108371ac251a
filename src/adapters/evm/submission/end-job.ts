import { fabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import type { Receipt } from "../../../envelope/bundle.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { EvmChain } from "../evm-chain.ts";
import { announces } from "../announces.ts";
import { isOvertaken } from "../refusal.ts";
import { feesOf, highestPrice } from "./attempt-fees.ts";
import type { JobStep } from "./job-store.ts";
import type { Job, Landing } from "./job.ts";
import type { StageOptions, SubmissionContext } from "./submission-context.ts";

/** The last step of a job; `isAgain` when its call is to be made once more. */
export interface EndStep extends JobStep {
  readonly isAgain?: boolean;
}

/** A call that reverted, though it should not have, is made so often at most. */
const MAX_CALLS = 3;
/** The attempt of a job that has this hash. */
export const attemptOf = (job: Job, hash: string) =>
  job.attempts.find((attempt) => attempt.hash?.toLowerCase() === hash.toLowerCase());

const failure = (error: FabricError, subStatus: "reverted" | "cancelling"): DeliveryChange => ({
  status: isOvertaken(error.code) ? "superseded" : "failed",
  subStatus,
  error: error.code,
  detail: error.message,
});

const receiptText = (
  chain: EvmChain,
  job: Job,
  { hash, blockNumber, blockHash }: Landing,
): string => {
  const receipt: Receipt = {
    chain: chain.name,
    chainId: String(chain.chainId),
    contract: job.delivery?.contract ?? job.call.to,
    transaction: hash,
    blockNumber,
    blockHash,
    round: job.delivery?.round ?? 0,
  };
  return JSON.stringify(receipt);
};

/** A receipt of a revert: what the contract says now decides whether that matters. */
const revertedStep = async (
  { book, feeds, signer }: SubmissionContext,
  job: Job,
  step: JobStep,
  options: StageOptions,
): Promise<EndStep> => {
  const other = job.delivery ? book.ofDelivery(job.delivery.id) : null;
  // Another transaction of the same delivery is under way, or was first: that one decides.
  if (other && other.id !== job.id) return step;
  const { to, data } = job.call;
  const outcome = await feeds.simulate({ from: signer.address, to, data }, options);
  if (!outcome.ok) return { ...step, changes: [failure(outcome.refusal, "reverted")] };
  const hash = job.landing?.hash ?? "";
  const row = job.delivery ? book.row(job.delivery.id) : null;
  if (!row || row.attempts >= MAX_CALLS) {
    const error = fabricError("TRANSACTION_REVERTED", { transaction: hash });
    return { ...step, changes: [failure(error, "reverted")] };
  }
  // It would pass now: too little gas, or a moment that is over.
  const change = { status: "prepared", subStatus: "reverted", detail: hash } as const;
  return { ...step, changes: [change], isAgain: true };
};

/** How a job whose landing is deep enough ends; null while its receipt is of another block. */
export const endStep = async (
  context: SubmissionContext,
  job: Job,
  landing: Landing,
  options: StageOptions,
): Promise<EndStep | null> => {
  const { book, chain, questions } = context;
  const receipt = book.pace(job).receipt ?? (await questions.receipt(landing.hash, options));
  if (receipt?.blockHash !== landing.blockHash) return null;
  const attempt = attemptOf(job, landing.hash);
  const price = receipt.effectiveGasPrice ?? (attempt ? highestPrice(feesOf(attempt)) : 0n);
  const step: JobStep = { job, state: "done", spent: receipt.gasUsed * price };
  const row = job.delivery ? book.row(job.delivery.id) : null;
  if (!job.delivery || !row || book.isEnded(job)) return step;
  if (attempt?.kind === "cancel") {
    // Why it was cancelled stands in the row since then.
    const code = row.error ?? "DELIVERY_ABANDONED";
    const isPast = code === "DELIVERY_OVERTAKEN" || /^ONCHAIN_(ROUND|TIME)_/.test(code);
    const status = isPast ? "superseded" : "failed";
    return { ...step, changes: [{ status, subStatus: "cancelling", error: code }] };
  }
  if (receipt.status === 0) return await revertedStep(context, job, step, options);
  if (!announces(receipt, job.call.to, job.delivery.round)) {
    const { round } = job.delivery;
    const error = fabricError("EVENT_MISSING", { transaction: landing.hash, round });
    // A call to an address without code succeeds: on a chain that began anew each further round would be paid for nothing.
    context.feeds.forget(job.call.to);
    return { ...step, changes: [failure(error, "reverted")] };
  }
  const landed: DeliveryChange = {
    status: "final",
    subStatus: "landed",
    error: null,
    receiptJson: receiptText(chain, job, landing),
    detail: `gas ${receipt.gasUsed}`,
  };
  return { ...step, changes: [landed] };
};
