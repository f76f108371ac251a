import { isFabricError } from "../../../core/errors/fabric-error.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { Fees } from "../fee-policy.ts";
import { feeCap, feesOf, highestPrice, replacementFees } from "./attempt-fees.ts";
import { newestSigned, type Job } from "./job.ts";
import type { JobSigner } from "./sign-jobs.ts";
import { waitStep, type StageOptions, type SubmissionContext } from "./submission-context.ts";

/** Looks after jobs that nodes hold and no block takes. */
export interface JobRaiser {
  /** Replaces what is stuck at a higher fee; a job whose call became pointless by a transfer of nothing. */
  raise(options: StageOptions): Promise<void>;
}

const STUCK_MS = 60_000;
/** What no node takes is looked at earlier: today's price may be above its own. */
const REFUSED_MS = 1_000;
/** Without any new block a higher fee changes nothing; after so many times `stuckMs` it is tried all the same. */
const STILL_CHAIN = 10;
/** So many times today's price, and no block takes it: the fee is not why. */
const MOST_OVER = 4n;

export const createJobRaiser = (context: SubmissionContext, signing: JobSigner): JobRaiser => {
  const { book, clock, chain, fees, feeds, list, signer } = context;
  const stuckMs = chain.stuckMs ?? STUCK_MS;

  /** Null while the call would still do what it should. */
  const refusalOf = async (job: Job, options: StageOptions) => {
    if (!job.delivery) return null;
    const { to, data } = job.call;
    const call = { from: signer.address, to, data };
    const outcome = await feeds.simulate(call, options, "latest");
    return outcome.ok ? null : outcome.refusal;
  };

  const replace = async (job: Job, today: Fees, options: StageOptions): Promise<void> => {
    const newest = newestSigned(job);
    if (!newest) return;
    const price = replacementFees(feesOf(newest), today, feeCap(chain.fees));
    if (!price) {
      const detail = `the cap is ${feeCap(chain.fees)} wei per gas, paid are ${highestPrice(feesOf(newest))}`;
      const reason = { code: "CHAIN_FEES_TOO_HIGH", detail } as const;
      await context.apply(waitStep(context, job, "waiting-for-fee", reason));
      return;
    }
    const isCancelled = newest.kind === "cancel";
    const refusal = isCancelled ? null : await refusalOf(job, options);
    const kind = isCancelled || refusal ? "cancel" : "call";
    const row = job.delivery ? book.row(job.delivery.id) : null;
    const change: DeliveryChange | null =
      !row || isCancelled
        ? null
        : {
            status: row.status,
            subStatus: refusal ? "cancelling" : "replaced",
            error: refusal?.code ?? null,
            attempt: true,
            detail: refusal?.message ?? `${highestPrice(price)} wei per gas`,
          };
    await signing.again(job, { kind, fees: price, change }, options);
  };

  return {
    raise: async (options) => {
      const now = clock.monotonic();
      const stuck = book.live().filter((job) => {
        const { raisedAt, isRefused } = book.pace(job);
        const patience = isRefused ? Math.min(stuckMs, REFUSED_MS) : stuckMs;
        return raisedAt !== null && now - raisedAt >= patience;
      });
      if (stuck.length === 0) return;
      let today: Fees;
      try {
        today = await fees.current(options);
      } catch (error) {
        if (!isFabricError(error, "CHAIN_FEES_TOO_HIGH")) throw error;
        const reason = { code: error.code, detail: error.message } as const;
        await context.apply(
          stuck.flatMap((job) => waitStep(context, job, "waiting-for-fee", reason)),
        );
        for (const job of stuck) book.pace(job).raisedAt = now;
        return;
      }
      const [first] = book.live();
      for (const job of stuck) {
        const pace = book.pace(job);
        const newest = newestSigned(job);
        if (!newest) continue;
        const paid = highestPrice(feesOf(newest));
        const isCheap = paid < highestPrice(today);
        const hasMoved = (list.tip?.number ?? 0) > pace.sentHeight;
        const isStill = now - (pace.raisedAt ?? now) >= stuckMs * STILL_CHAIN;
        // What waits behind another nonce is not stuck for its own fee, and money does not help against deaf nodes.
        const isFirst = job.id === first?.id && paid < highestPrice(today) * MOST_OVER;
        if (!isCheap && !(isFirst && (hasMoved || isStill))) continue;
        pace.raisedAt = now;
        await replace(job, today, options);
      }
    },
  };
};
