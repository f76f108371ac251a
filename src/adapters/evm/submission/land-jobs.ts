import { fabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import type { Receipt } from "../../../envelope/bundle.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { EvmReceipt } from "../chain-answers.ts";
import { announces } from "../follow-transaction.ts";
import { isOvertaken } from "../refusal.ts";
import { feesOf, highestPrice } from "./attempt-fees.ts";
import type { ChainBlock } from "./chain-questions.ts";
import type { JobStep } from "./job-store.ts";
import type { Job, Landing } from "./job.ts";
import type { StageOptions, SubmissionContext } from "./submission-context.ts";

/** Turns blocks into facts about jobs. */
export interface JobLander {
  /** Takes in what these blocks hold of ours. */
  include(blocks: readonly ChainBlock[], options: StageOptions): Promise<void>;
  /** Takes in a receipt that was asked for by its hash. False while its block is not on our branch. */
  takeReceipt(job: Job, receipt: EvmReceipt, options: StageOptions): Promise<boolean>;
  /** Takes back what was in these blocks, which are no longer part of the chain. */
  rewind(removed: ReadonlyMap<string, number>): Promise<void>;
  /** Finds what is no longer on the chain, when nothing that was known of it can be relied on. */
  recheck(options: StageOptions): Promise<void>;
  /** Ends what is deep enough. */
  finalise(options: StageOptions): Promise<void>;
}

/** A call that reverted, though it should not have, is made so often at most. */
const MAX_CALLS = 3;
/** A tag under an unchanged head is asked for again after this long, ms. */
const TAG_MS = 1_000;

const toLanding = ({ transactionHash, blockNumber, blockHash }: EvmReceipt): Landing => ({
  hash: transactionHash,
  blockNumber,
  blockHash,
});

const attemptOf = (job: Job, hash: string) =>
  job.attempts.find((attempt) => attempt.hash?.toLowerCase() === hash.toLowerCase());

const names = (some: readonly Job[]): readonly string[] =>
  some.flatMap(({ delivery }) => delivery?.id ?? []);

const failure = (error: FabricError, subStatus: "reverted" | "cancelling"): DeliveryChange => ({
  status: isOvertaken(error.code) ? "superseded" : "failed",
  subStatus,
  error: error.code,
  detail: error.message,
});

export const createJobLander = (context: SubmissionContext): JobLander => {
  const { book, list, questions, chain, signer, feeds, jobs, clock } = context;
  let tags: {
    readonly tip: string;
    readonly at: number;
    readonly block: ChainBlock | null;
  } | null = null;

  const includedStep = (job: Job, receipt: EvmReceipt): JobStep => {
    const landing = toLanding(receipt);
    book.pace(job).receipt = receipt;
    const row = job.delivery ? book.row(job.delivery.id) : null;
    if (!row) return { job, state: "landed", landing };
    const toSubmitted: DeliveryChange[] =
      row.status === "prepared"
        ? [{ status: "submitted", subStatus: "broadcast", txHash: landing.hash }]
        : [];
    const isCancel = attemptOf(job, landing.hash)?.kind === "cancel";
    const included: DeliveryChange = {
      status: "included",
      subStatus: isCancel ? "cancelling" : "included",
      txHash: landing.hash,
      blockNumber: landing.blockNumber,
      blockHash: landing.blockHash,
      ...(isCancel ? {} : { error: null }),
      detail: `block ${landing.blockNumber}`,
    };
    return { job, state: "landed", landing, changes: [...toSubmitted, included] };
  };

  const backSteps = (gone: readonly Job[]): readonly JobStep[] =>
    gone.flatMap((job): readonly JobStep[] => {
      const row = job.delivery ? book.row(job.delivery.id) : null;
      const pace = book.pace(job);
      pace.sentAt = null;
      pace.dueAt = 0;
      pace.receipt = null;
      pace.armed = true;
      const isBroken = row?.status === "final" && job.state === "done";
      // Its nonce may have been given again since, by a record that was mended.
      const isTaken = book.live().some(({ id, nonce }) => id !== job.id && nonce === job.nonce);
      const step: JobStep = { job, state: isTaken ? "lost" : "live", landing: null };
      if (!row || !(row.status === "included" || isBroken)) return [step];
      const change: DeliveryChange = {
        status: "submitted",
        subStatus: isBroken ? "finality-broken" : "reorganised",
        ...(isBroken ? { error: "CHAIN_FINALITY_BROKEN", receiptJson: null } : {}),
        blockNumber: null,
        blockHash: null,
        detail: `block ${row.blockNumber ?? "?"} is gone`,
      };
      return [{ ...step, changes: [change] }];
    });

  const takeBack = async (gone: readonly Job[], depth: number, from: number): Promise<void> => {
    const broken = gone.filter(({ state }) => state === "done");
    await context.apply(backSteps(gone));
    context.notice({
      type: "reorganised",
      chain: chain.name,
      depth,
      from,
      deliveries: names(gone),
    });
    if (broken.length > 0)
      context.notice({
        type: "finality-broken",
        chain: chain.name,
        depth,
        deliveries: names(broken),
      });
  };

  /** The tag rarely moves without a new head. */
  const findTagged = async (options: StageOptions): Promise<ChainBlock | null> => {
    const { finality } = chain;
    if (finality.kind !== "tag") return null;
    const tip = list.tip?.hash ?? "";
    const now = clock.monotonic();
    if (tags?.tip === tip && now - tags.at < TAG_MS) return tags.block;
    const block = await questions.tagged(finality.tag, options);
    tags = { tip, at: now, block };
    return block;
  };

  const placed = (): readonly Job[] =>
    [...book.landed(), ...book.watched()].filter(({ landing }) => landing !== null);

  /** Whether the block is on the chain as we know it; where the list ends, the chain is asked. */
  const isCanonical = async (landing: Landing, options: StageOptions): Promise<boolean> => {
    const kept = list.at(landing.blockNumber);
    if (kept) return kept.hash === landing.blockHash;
    if (landing.blockNumber > (list.tip?.number ?? 0)) return false;
    const block = await questions.blockByNumber(landing.blockNumber, options);
    return block?.hash === landing.blockHash;
  };

  const isDeep = (landing: Landing, tagged: ChainBlock | null): boolean => {
    const { finality } = chain;
    if (finality.kind === "instant") return true;
    if (finality.kind === "tag")
      return (
        tagged !== null &&
        tagged.number >= landing.blockNumber &&
        // A tag on another branch than ours says nothing about ours.
        (list.at(tagged.number)?.hash ?? tagged.hash) === tagged.hash
      );
    return (list.tip?.number ?? 0) - landing.blockNumber + 1 >= finality.depth;
  };

  const receiptText = (job: Job, { hash, blockNumber, blockHash }: Landing): string => {
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
  const revertedStep = async (job: Job, step: JobStep, options: StageOptions) => {
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

  const endStep = async (
    job: Job,
    landing: Landing,
    options: StageOptions,
  ): Promise<(JobStep & { isAgain?: boolean }) | null> => {
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
    if (receipt.status === 0) return await revertedStep(job, step, options);
    if (!announces(receipt, job.call.to, job.delivery.round)) {
      const { round } = job.delivery;
      const error = fabricError("EVENT_MISSING", { transaction: landing.hash, round });
      return { ...step, changes: [failure(error, "reverted")] };
    }
    const landed: DeliveryChange = {
      status: "final",
      subStatus: "landed",
      error: null,
      receiptJson: receiptText(job, landing),
      detail: `gas ${receipt.gasUsed}`,
    };
    return { ...step, changes: [landed] };
  };

  return {
    include: async (blocks, options) => {
      const steps: JobStep[] = [];
      for (const block of blocks) {
        const ours = block.transactions.filter((hash) => book.ofHash(hash) !== null);
        if (ours.length === 0) continue;
        for (const receipt of await questions.receipts(block.hash, ours, options)) {
          const job = book.ofHash(receipt.transactionHash);
          const isPlaced = job?.landing?.blockHash === block.hash;
          if (job && !isPlaced && receipt.blockHash === block.hash)
            steps.push(includedStep(job, receipt));
        }
      }
      await context.apply(steps);
    },
    takeReceipt: async (job, receipt, options) => {
      if (!(await isCanonical(toLanding(receipt), options))) return false;
      await context.apply([includedStep(job, receipt)]);
      return true;
    },
    rewind: async (removed) => {
      if (removed.size === 0) return;
      const gone = placed().filter(({ landing }) => landing && removed.has(landing.blockHash));
      await takeBack(gone, removed.size, Math.min(...removed.values()));
    },
    recheck: async (options) => {
      const gone: Job[] = [];
      for (const job of placed())
        if (job.landing && !(await isCanonical(job.landing, options))) gone.push(job);
      const lowest = Math.min(...gone.map(({ landing }) => landing?.blockNumber ?? 0));
      const depth = (list.tip?.number ?? lowest) - lowest + 1;
      if (gone.length > 0) await takeBack(gone, depth, lowest);
    },
    finalise: async (options) => {
      const landed = book.landed();
      if (landed.length === 0) return;
      const tagged = await findTagged(options);
      const steps: (JobStep & { isAgain?: boolean })[] = [];
      for (const job of landed) {
        const { landing } = job;
        if (!landing || !isDeep(landing, tagged)) continue;
        if (!(await isCanonical(landing, options))) continue;
        const step = await endStep(job, landing, options);
        if (step) steps.push(step);
      }
      await context.apply(steps);
      for (const { job, isAgain } of steps) {
        const row = isAgain && job.delivery ? await jobs.delivery(job.delivery.id) : null;
        if (!row) continue;
        const next = await jobs.queue(row, job.call, job.mode);
        book.put(next);
        book.pace(next).armed = true;
        book.pace(next).recheck = true;
      }
    },
  };
};
