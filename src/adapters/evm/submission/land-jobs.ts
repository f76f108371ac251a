import { isFabricError } from "../../../core/errors/fabric-error.ts";
import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { EvmReceipt } from "../chain-answers.ts";
import type { ChainBlock } from "./chain-questions.ts";
import { attemptOf, endStep, type EndStep } from "./end-job.ts";
import type { JobStep } from "./job-store.ts";
import type { Job, Landing } from "./job.ts";
import { waitStep, type StageOptions, type SubmissionContext } from "./submission-context.ts";

/** Turns blocks into facts about jobs. */
export interface JobLander {
  /** Takes in what these blocks hold of ours. */
  include(blocks: readonly ChainBlock[], options: StageOptions): Promise<void>;
  /** Takes in a receipt that was asked for by its hash. False while its block is not on our branch. */
  takeReceipt(job: Job, receipt: EvmReceipt, options: StageOptions): Promise<boolean>;
  /** Takes back what was in these blocks, or in any other that is not on our branch. */
  rewind(removed: ReadonlyMap<string, number>): Promise<void>;
  /** Finds what is no longer on the chain, when nothing that was known of it can be relied on. */
  recheck(options: StageOptions): Promise<void>;
  /** Ends what is deep enough. */
  finalise(options: StageOptions): Promise<void>;
}

/** A tag under an unchanged head is asked for again after this long, ms. */
const TAG_MS = 1_000;

const toLanding = ({ transactionHash, blockNumber, blockHash }: EvmReceipt): Landing => ({
  hash: transactionHash,
  blockNumber,
  blockHash,
});

const names = (some: readonly Job[]): readonly string[] =>
  some.flatMap(({ delivery }) => delivery?.id ?? []);

const lowestOf = (jobs: readonly Job[]): number =>
  Math.min(...jobs.map(({ landing }) => landing?.blockNumber ?? 0));

export const createJobLander = (context: SubmissionContext): JobLander => {
  const { book, list, questions, chain, jobs, clock } = context;
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
      const gone = placed().filter(({ landing }) => {
        if (!landing) return false;
        const kept = list.at(landing.blockNumber);
        return removed.has(landing.blockHash) || (kept && kept.hash !== landing.blockHash);
      });
      if (removed.size > 0) await takeBack(gone, removed.size, Math.min(...removed.values()));
      else if (gone.length > 0) await takeBack(gone, gone.length, lowestOf(gone));
    },
    recheck: async (options) => {
      const tip = list.tip?.number ?? 0;
      const gone: Job[] = [];
      const known = new Map<number, string | null>();
      for (const job of placed()) {
        const { landing } = job;
        // Above the head: a node that lags says nothing about it. It is compared when the list reaches it.
        if (!landing || landing.blockNumber > tip) continue;
        const { blockNumber, blockHash } = landing;
        if (!known.has(blockNumber)) {
          const block =
            list.at(blockNumber) ?? (await questions.blockByNumber(blockNumber, options));
          known.set(blockNumber, block?.hash ?? null);
        }
        // A node that has pruned the block does not deny it.
        const canonical = known.get(blockNumber) ?? blockHash;
        if (canonical !== blockHash) gone.push(job);
      }
      const lowest = lowestOf(gone);
      const depth = tip - lowest + 1;
      if (gone.length > 0) await takeBack(gone, depth, lowest);
    },
    finalise: async (options) => {
      const landed = book.landed();
      if (landed.length === 0) return;
      const tagged = await findTagged(options);
      const steps: EndStep[] = [];
      for (const job of landed) {
        const { landing } = job;
        if (!landing || !isDeep(landing, tagged)) continue;
        if (!(await isCanonical(landing, options))) continue;
        try {
          const step = await endStep(context, job, landing, options);
          if (step) steps.push(step);
        } catch (error) {
          // One contract that nodes differ about holds up no other.
          if (!isFabricError(error, "CHAIN_ENDPOINTS_DISAGREE")) throw error;
          const reason = { code: error.code, detail: error.message };
          await context.apply(waitStep(context, job, "waiting-for-chain", reason));
        }
      }
      await context.apply(steps);
      for (const { job, isAgain } of steps) {
        const row = isAgain && job.delivery ? await jobs.delivery(job.delivery.id) : null;
        if (!row) continue;
        // Too little gas is the likeliest reason.
        const call = { ...job.call, gasLimit: (job.call.gasLimit * 3n) / 2n };
        const next = await jobs.queue(row, call, job.mode);
        book.put(next);
        book.pace(next).armed = true;
        book.pace(next).recheck = true;
      }
    },
  };
};
