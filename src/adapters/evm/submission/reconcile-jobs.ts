import type { DeliveryChange } from "../../../store/deliveries.ts";
import type { JobStep } from "./job-store.ts";
import { hashesOf, newestSigned, type Job } from "./job.ts";
import type { JobLander } from "./land-jobs.ts";
import type { NonceKeeper } from "./nonce-keeper.ts";
import { planGap, type GapPlan } from "./nonce-plan.ts";
import type { JobSigner } from "./sign-jobs.ts";
import type { StageOptions, SubmissionContext } from "./submission-context.ts";

/** Compares the record with what the chain says about the account. */
export interface JobReconciler {
  /** Finds what landed unseen, what lost its nonce, and nonces that nothing would use. */
  reconcile(options: StageOptions): Promise<void>;
}

/** Jobs that are asked after in one go. */
const MAX_ASKED = 64;
/** What it takes to call a nonce lost, or missing: looks in a row, over so long. */
const LOOKS = 2;
const LOSS_MS = 400;
const GAP_MS = 2_000;
/** Nonces that we have in final blocks and the chain denies: a node that lags says so too, and much longer. */
const DENIAL_MS = 60_000;

export const createJobReconciler = (
  context: SubmissionContext,
  parts: {
    readonly landing: JobLander;
    readonly signing: JobSigner;
    readonly nonces: NonceKeeper;
  },
): JobReconciler => {
  const { book, clock, jobs, questions, signer, chain } = context;
  const { landing, signing, nonces } = parts;
  let gap: { readonly text: string; readonly looks: number; readonly since: number } | null = null;

  /** True when one of the job's transactions was found in a block. */
  const findLanded = async (job: Job, options: StageOptions): Promise<boolean> => {
    for (const hash of hashesOf(job).toReversed()) {
      const receipt = await questions.receipt(hash, options);
      if (receipt) return await landing.takeReceipt(job, receipt, options);
    }
    return false;
  };

  const isKnown = async (job: Job, options: StageOptions): Promise<boolean> => {
    for (const hash of hashesOf(job).toReversed())
      if (await questions.isKnown(hash, options)) return true;
    return false;
  };

  /** Lost is what the chain's count says in several looks while no node knows any of the nonce's transactions. */
  const isLost = async (job: Job, options: StageOptions): Promise<boolean> => {
    const pace = book.pace(job);
    if (await isKnown(job, options)) {
      pace.suspicion = null;
      return false;
    }
    const now = clock.monotonic();
    const { looks, since } = pace.suspicion ?? { looks: 0, since: now };
    pace.suspicion = { looks: looks + 1, since };
    return looks + 1 >= LOOKS && now - since >= LOSS_MS;
  };

  /** Takes jobs out of their nonces and queues their calls again, in the order of their rounds. */
  const queueAgain = async (gone: readonly Job[], detail: string): Promise<void> => {
    const steps = gone.map((job): JobStep => {
      const change: DeliveryChange = { status: "prepared", subStatus: "nonce-lost", detail };
      return { job, state: "lost", changes: [change] };
    });
    await context.apply(steps);
    nonces.distrust();
    for (const job of gone) {
      const row = job.delivery ? await jobs.delivery(job.delivery.id) : null;
      if (!row || book.isEnded(job) || book.ofDelivery(row.id)) continue;
      const next = await jobs.queue(row, job.call, job.mode);
      book.put(next);
      const { armed } = book.pace(job);
      Object.assign(book.pace(next), { armed, recheck: true });
    }
  };

  const fill = async (missing: readonly number[], options: StageOptions): Promise<void> => {
    for (const nonce of missing) {
      const job = await jobs.fill(nonce, signer.address);
      book.put(job);
      book.pace(job).armed = true;
    }
    // Signed like everything that is reserved.
    await signing.advance(options);
    const behind = book
      .live()
      .find(({ nonce, delivery }) => delivery && (nonce ?? 0) > (missing[0] ?? 0));
    const row = behind?.delivery ? book.row(behind.delivery.id) : null;
    if (!behind || !row || book.isEnded(behind)) return;
    const detail = `nonces ${missing.join(", ")}`;
    const change = { status: row.status, subStatus: "gap-filled", detail } as const;
    await context.apply([{ job: behind, changes: [change] }]);
  };

  const mend = async (plan: Exclude<GapPlan, { kind: "none" }>, options: StageOptions) => {
    const from = plan.kind === "fill" ? (plan.nonces[0] ?? 0) : plan.from;
    context.notice({ type: "nonces-mended", chain: chain.name, how: plan.kind, from });
    if (plan.kind === "fill") {
      await fill(plan.nonces, options);
      return;
    }
    await context.exclusive(async () => {
      await queueAgain(
        book.live().filter(({ nonce }) => (nonce ?? 0) >= from),
        `numbered anew from ${from}`,
      );
      await jobs.setNextNonce(from);
    });
  };

  /** Two looks with the same result, some time apart, before anything is done about a gap. */
  const watchGap = async (count: number, options: StageOptions): Promise<void> => {
    const ended = book.watched().filter(({ state }) => state === "done");
    const holding = [...book.live(), ...book.landed(), ...ended];
    const taken = new Set(holding.flatMap(({ nonce }) => (nonce === null ? [] : [nonce])));
    const next = (await jobs.nextNonce()) ?? 0;
    const plan = planGap({ count, next, taken });
    const now = clock.monotonic();
    if (plan.kind === "none") {
      gap = null;
      return;
    }
    const text = JSON.stringify(plan);
    gap = gap?.text === text ? { ...gap, looks: gap.looks + 1 } : { text, looks: 1, since: now };
    const isDenied = plan.kind === "renumber" && book.live().length === 0;
    const patience = isDenied ? DENIAL_MS : GAP_MS;
    if (gap.looks < LOOKS || now - gap.since < patience) return;
    gap = null;
    await mend(plan, options);
  };

  return {
    reconcile: async (options) => {
      const count = await questions.count("latest", options);
      const lost: Job[] = [];
      const passed = book.live().filter(({ nonce }) => (nonce ?? 0) < count);
      for (const job of passed.slice(0, MAX_ASKED)) {
        if (newestSigned(job) === null || (await findLanded(job, options))) continue;
        if (await isLost(job, options)) lost.push(job);
      }
      if (lost.length > 0)
        await queueAgain(lost, `nonce ${lost[0]?.nonce ?? ""} went to another transaction`);
      await watchGap(count, options);
    },
  };
};
