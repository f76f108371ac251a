import { Transaction } from "ethers";
import { fabricError, isFabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { Fees } from "../fee-policy.ts";
import type { CallOutcome } from "../feed-contract.ts";
import { isOvertaken } from "../refusal.ts";
import { signTransaction } from "../transaction-signer.ts";
import { highestPrice } from "./attempt-fees.ts";
import { FILL_GAS, type TakeOutcome } from "./job-store.ts";
import type { Attempt, Job } from "./job.ts";
import type { NonceKeeper } from "./nonce-keeper.ts";
import { waitStep, type StageOptions, type SubmissionContext } from "./submission-context.ts";

/** Gives queued jobs their nonces and signatures. */
export interface JobSigner {
  /** Everything that can be signed now, in order. What cannot says in its delivery what it waits for. */
  advance(options: StageOptions): Promise<void>;
  /** One more attempt under a nonce that the job has. Null when budget or signer do not allow it now. */
  again(
    job: Job,
    attempt: {
      readonly kind: Attempt["kind"];
      readonly fees: Fees;
      readonly change: DeliveryChange | null;
    },
    options: StageOptions,
  ): Promise<Job | null>;
}

const end = ({ code, message }: FabricError): DeliveryChange => ({
  status: isOvertaken(code) ? "superseded" : "failed",
  error: code,
  detail: message,
});

const asFabricError = (error: unknown): FabricError => {
  if (isFabricError(error)) return error;
  throw error;
};

export const createJobSigner = (context: SubmissionContext, nonces: NonceKeeper): JobSigner => {
  const { chain, signer, book, jobs, fees, feeds } = context;

  const build = (job: Job, kind: Attempt["kind"], price: Fees) => (nonce: number) =>
    Transaction.from({
      chainId: chain.chainId,
      nonce,
      value: 0n,
      ...(kind === "call" ? job.call : { to: signer.address, data: "0x", gasLimit: FILL_GAS }),
      ...price,
    }).unsignedSerialized;

  const take = async (
    job: Job,
    attempt: { kind: Attempt["kind"]; fees: Fees; change: DeliveryChange | null },
    next: number | null,
  ): Promise<TakeOutcome> => {
    const gas = attempt.kind === "call" ? job.call.gasLimit : FILL_GAS;
    const outcome = await jobs.take({
      job,
      kind: attempt.kind,
      next,
      build: build(job, attempt.kind, attempt.fees),
      maxWei: gas * highestPrice(attempt.fees),
      change: book.isEnded(job) ? null : attempt.change,
    });
    if (outcome.ok) {
      book.put(outcome.job);
      await refresh(job);
    }
    return outcome;
  };

  const refresh = async ({ delivery }: Job): Promise<void> => {
    const row = delivery ? await jobs.delivery(delivery.id) : null;
    if (row) book.setRow(row);
  };

  const wait = async (
    job: Job,
    subStatus: Parameters<typeof waitStep>[2],
    { code, message }: FabricError,
  ): Promise<void> => {
    await context.apply(waitStep(context, job, subStatus, { code, detail: message }));
  };

  /** Signs what is reserved and not signed. False when the signer does not do it now: it is asked again. */
  const sign = async (job: Job, { signal }: StageOptions): Promise<Job | null> => {
    const open = job.attempts.findLast(({ raw }) => raw === null);
    if (!open) return job;
    try {
      const { raw, hash } = await signTransaction(open.unsigned, signer, { signal });
      const signed = await jobs.signed(job, open.id, raw, hash);
      book.put(signed);
      await refresh(signed);
      book.pace(signed).sentAt = null;
      return signed;
    } catch (error) {
      signal.throwIfAborted();
      const known = asFabricError(error);
      if (known.code.startsWith("STORE_")) throw error;
      await wait(job, "waiting-for-signer", known);
      return null;
    }
  };

  /** Whether the contract still takes a call that waited; one that it never will ends here. */
  const isStillWanted = async (job: Job, options: StageOptions): Promise<boolean> => {
    const pace = book.pace(job);
    if (!pace.recheck || !job.delivery) return true;
    const { to, data } = job.call;
    let outcome: CallOutcome;
    try {
      outcome = await feeds.simulate({ from: signer.address, to, data }, options);
    } catch (error) {
      // One contract that nodes differ about holds up no other.
      if (!isFabricError(error, "CHAIN_ENDPOINTS_DISAGREE")) throw error;
      await wait(job, "waiting-for-chain", error);
      return false;
    }
    if (outcome.ok) {
      pace.recheck = false;
      return true;
    }
    const { refusal } = outcome;
    if (refusal.code === "ONCHAIN_FUTURE_DATED") await wait(job, "waiting-for-time", refusal);
    else await context.apply([{ job, state: "lost", changes: [end(refusal)], spent: 0n }]);
    return false;
  };

  /** False when later jobs of the same contract must wait behind this one. */
  const takeAndSign = async (
    job: Job,
    price: Fees,
    next: number | null,
    options: StageOptions,
  ): Promise<boolean> => {
    await refresh(job);
    if (job.delivery && book.isEnded(job)) {
      // Somebody else ended it before it had a nonce.
      await context.apply([{ job, state: "lost", spent: 0n }]);
      return true;
    }
    if (!(await isStillWanted(job, options))) return book.get(job.id)?.state !== "queued";
    const change: DeliveryChange = { status: "prepared", subStatus: "reserved", attempt: true };
    const outcome = await take(job, { kind: "call", fees: price, change }, next);
    if (!outcome.ok) {
      book.pace(job).recheck = true;
      if (outcome.refusal.until === null)
        await context.apply([{ job, state: "lost", changes: [end(outcome.error)], spent: 0n }]);
      else await wait(job, "waiting-for-budget", outcome.error);
      return outcome.refusal.until === null;
    }
    await sign(outcome.job, options);
    return true;
  };

  const signReserved = async (options: StageOptions): Promise<void> => {
    for (const job of book.live()) {
      if (job.attempts.some(({ raw }) => raw === null)) {
        if (!(await sign(job, options))) return;
      } else if (job.attempts.length === 0) {
        // Killed between the nonce and its fields.
        const price = await fees.current(options);
        const kind = job.delivery ? "call" : "cancel";
        const outcome = await take(job, { kind, fees: price, change: null }, null);
        if (!outcome.ok || !(await sign(outcome.job, options))) return;
      }
    }
  };

  const waitAll = async (
    subStatus: Parameters<typeof waitStep>[2],
    { code, message }: FabricError,
  ): Promise<void> => {
    for (const job of book.queued()) book.pace(job).recheck = true;
    await context.apply(
      book.queued().flatMap((job) => waitStep(context, job, subStatus, { code, detail: message })),
    );
  };

  return {
    advance: (options) =>
      context.exclusive(async () => {
        await signReserved(options);
        const queued = book.queued();
        if (queued.length === 0) return;
        let price: Fees;
        let next: number | null;
        try {
          [price, next] = [await fees.current(options), await nonces.next(options)];
        } catch (error) {
          const known = asFabricError(error);
          if (known.code === "CHAIN_FEES_TOO_HIGH") return await waitAll("waiting-for-fee", known);
          if (known.code === "CHAIN_NONCE_DOUBTFUL")
            return await waitAll("waiting-for-chain", known);
          throw error;
        }
        const behind = new Set<string>();
        for (const job of queued) {
          options.signal.throwIfAborted();
          if (behind.has(job.call.to)) continue;
          if (!(await takeAndSign(job, price, next, options))) behind.add(job.call.to);
        }
      }),
    again: (job, attempt, options) =>
      context.exclusive(async () => {
        const outcome = await take(job, attempt, null);
        if (!outcome.ok) {
          await wait(job, "waiting-for-budget", outcome.error);
          return null;
        }
        return await sign(outcome.job, options);
      }),
  };
};

/** @see fabricError `DELIVERY_OVERTAKEN` */
export const overtakenBy = (delivery: string, newest: number): FabricError =>
  fabricError("DELIVERY_OVERTAKEN", { delivery, newest });
