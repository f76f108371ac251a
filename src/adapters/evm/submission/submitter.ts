import type { Clock } from "../../../core/clock.ts";
import { fabricError, isFabricError } from "../../../core/errors/fabric-error.ts";
import { toWire } from "../../../core/errors/wire.ts";
import type { DeliveryChange, DeliveryRow } from "../../../store/deliveries.ts";
import { isSettled } from "../../contract/chain-adapter.ts";
import type { ChainNotice } from "../../contract/chain-notice.ts";
import type { EvmContext } from "../evm-context.ts";
import { createBlockList } from "./block-list.ts";
import { createChainFollower } from "./chain-follower.ts";
import { createChainQuestions } from "./chain-questions.ts";
import { createJobBook } from "./job-book.ts";
import { deliveryOf, type JobStep, type JobStore } from "./job-store.ts";
import type { Job, JobCall } from "./job.ts";
import { createJobLander } from "./land-jobs.ts";
import { createNonceKeeper } from "./nonce-keeper.ts";
import { createJobRaiser } from "./raise-jobs.ts";
import { createJobReconciler } from "./reconcile-jobs.ts";
import { createJobSender } from "./send-jobs.ts";
import { createSettleWaiters } from "./settle-waiters.ts";
import { createJobSigner, overtakenBy } from "./sign-jobs.ts";
import { createSubmissionLoop } from "./submission-loop.ts";
import { waitStep, type StageOptions, type SubmissionContext } from "./submission-context.ts";

/** One loop per chain and account that brings jobs from their call to the required depth. */
export interface Submitter {
  /** The open job of a delivery; null when there is none. */
  find(delivery: string): Promise<Job | null>;
  /** Stores a call and, where nothing holds it up, its nonce and signature. Sends nothing. */
  submit(
    row: DeliveryRow,
    call: JobCall,
    options: {
      readonly mode: Job["mode"];
      /** The contract does not take the call yet. */
      readonly early: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<DeliveryRow>;
  /** Ends a delivery that nothing was signed for. */
  refuse(row: DeliveryRow, change: DeliveryChange): Promise<void>;
  /** Signs what waits for a signature. */
  advance(options: StageOptions): Promise<void>;
  /** Follows a delivery to its end. Rejects with the signal's reason, and with the closing error. */
  settle(
    delivery: string,
    options: { readonly signal: AbortSignal; readonly onChange: (row: DeliveryRow) => void },
  ): Promise<DeliveryRow>;
  close(reason: unknown): Promise<void>;
}

const POLL_MS = 250;
/** Faults in a row after which deliveries say that they wait for the chain. */
const SAID_AFTER = 3;
/** The first in line waits this long without news: the account is asked after, ms. */
const RECONCILE_MS = 2_000;
/** Blocks that are kept besides those that finality needs. */
const KEPT_BLOCKS = 128;

const notPrepared = (delivery: string) =>
  fabricError("DELIVERY_INVALID", { delivery, reason: "it is not prepared" });

const monotonicLock = () => {
  let tail: Promise<unknown> = Promise.resolve();
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = tail.then(work, work);
    tail = next.catch(() => undefined);
    return next;
  };
};

/** @see Submitter */
export const createSubmitter = (
  parts: EvmContext & {
    readonly jobs: JobStore;
    readonly clock: Clock;
    readonly notice: (notice: ChainNotice) => void;
  },
): Submitter => {
  const { chain, clock, jobs, signer, rpc } = parts;
  const depth = chain.finality.kind === "depth" ? chain.finality.depth : 0;
  const kept = KEPT_BLOCKS + depth;
  const list = createBlockList(kept);
  const book = createJobBook();
  const questions = createChainQuestions(rpc, signer.address);
  const waiters = createSettleWaiters();

  const context: SubmissionContext = {
    ...parts,
    questions,
    list,
    book,
    exclusive: monotonicLock(),
    apply: async (steps) => {
      if (steps.length === 0) return [];
      // Others end deliveries as well: what memory says of one is never written over the record.
      for (const { job, changes = [] } of steps)
        if (job.delivery && changes.length > 0)
          book.setRow(await deliveryOf(jobs, job.delivery.id));
      const allowed = steps.map((step): JobStep => {
        const isReopening = step.changes?.[0]?.subStatus === "finality-broken";
        return step.changes && book.isEnded(step.job) && !isReopening
          ? { ...step, changes: [] }
          : step;
      });
      const changed = await jobs.commit(allowed);
      for (const [index, { changes = [] }] of allowed.entries()) {
        const job = changed[index];
        if (!job) continue;
        book.put(job);
        if (!job.delivery || changes.length === 0) continue;
        const row = await deliveryOf(jobs, job.delivery.id);
        book.setRow(row);
        waiters.tell(row);
      }
      return changed;
    },
  };

  const nonces = createNonceKeeper({ chain: chain.name, questions, jobs, clock });
  const signing = createJobSigner(context, nonces);
  const sending = createJobSender(context);
  const landing = createJobLander(context);
  const raising = createJobRaiser(context, signing);
  const reconciling = createJobReconciler(context, { landing, signing, nonces });
  const following = createChainFollower(questions, list, clock, kept);

  /** What ended lately, by the last process as well, is watched as long as the list reaches its block. */
  const loadEnded = async (): Promise<void> => {
    const tip = list.tip?.number ?? 0;
    for (const job of await jobs.doneSince(tip - kept)) {
      if (book.get(job.id)) continue;
      book.put(job);
      if (job.delivery) book.setRow(await deliveryOf(jobs, job.delivery.id));
    }
  };

  let loaded: Promise<void> | null = null;
  const load = async (): Promise<void> => {
    book.clear();
    for (const job of await jobs.open()) {
      book.put(job);
      if (job.delivery) book.setRow(await deliveryOf(jobs, job.delivery.id));
      // A nonce that must be used up is nobody's delivery.
      book.pace(job).armed = job.delivery === null || waiters.has(job.delivery.id);
      book.pace(job).recheck = job.state === "queued";
    }
    if (list.tip) await loadEnded();
    for (const id of waiters.ids()) {
      if (book.ofDelivery(id)) continue;
      const row = await deliveryOf(jobs, id);
      // A commit that failed half-way left it without a job: whoever waits prepares it anew.
      if (isSettled(row)) waiters.tell(row);
      else waiters.fail(id, notPrepared(id));
    }
  };
  const ensureLoaded = async (): Promise<void> => {
    loaded ??= load();
    try {
      await loaded;
    } catch (error) {
      loaded = null;
      throw error;
    }
  };

  const forget = (): void => {
    const watched = book.watched();
    const low = (list.tip?.number ?? 0) - kept;
    for (const job of watched)
      if (
        job.state === "lost" ? job.id < newestId() - 1_000 : (job.landing?.blockNumber ?? 0) < low
      )
        book.drop(job);
  };
  const newestId = (): number => book.watched().at(-1)?.id ?? 0;

  let reconciledAt = -RECONCILE_MS;
  let wasLooked = false;

  const isOpen = (): boolean =>
    [...book.queued(), ...book.live(), ...book.landed()].some((job) => book.pace(job).armed);

  /** One pass; true when something moved. */
  const pass = async (options: StageOptions): Promise<boolean> => {
    await ensureLoaded();
    await signing.advance(options);
    const isRefused = await sending.send(options);
    const look = await following.look(options);
    if (look.begun) {
      await loadEnded();
      await landing.recheck(options);
    } else if (look.added.length + look.removed.size > 0) await landing.rewind(look.removed);
    await landing.include(look.added, options);
    await landing.finalise(options);
    const now = clock.monotonic();
    const first = book.live().find((job) => book.pace(job).armed);
    const sentAt = first ? book.pace(first).sentAt : null;
    const isOverdue =
      first !== undefined && now - Math.max(sentAt ?? 0, reconciledAt) >= RECONCILE_MS;
    if (isRefused || !wasLooked || isOverdue || look.begun) {
      wasLooked = true;
      reconciledAt = now;
      await reconciling.reconcile(options);
      await findForgotten(first, isOverdue, options);
      await landing.finalise(options);
    }
    await raising.raise(options);
    forget();
    return look.added.length > 0 || look.removed.size > 0;
  };

  /** The first in line is unknown to the node: its pool lost it, and maybe the others. */
  const findForgotten = async (
    first: Job | undefined,
    isOverdue: boolean,
    options: StageOptions,
  ): Promise<void> => {
    const job = first ? book.get(first.id) : null;
    if (!isOverdue || job?.state !== "live" || book.pace(job).sentAt === null) return;
    for (const { hash } of job.attempts.toReversed())
      if (hash !== null && (await questions.isKnown(hash, options))) return;
    sending.resend();
  };

  const sayTrouble = async (code: ReturnType<typeof toWire>["code"]): Promise<void> => {
    const open = [...book.queued(), ...book.live(), ...book.landed()].filter(
      (job) => book.pace(job).armed,
    );
    const reason = { code, detail: code } as const;
    await context.apply(open.flatMap((job) => waitStep(context, job, "waiting-for-chain", reason)));
  };
  const sayEndOfTrouble = async (): Promise<void> => {
    const waiting = [...book.live(), ...book.landed()].filter(
      ({ delivery }) => delivery && book.row(delivery.id)?.subStatus === "waiting-for-chain",
    );
    const steps = waiting.flatMap((job) => {
      const isSent = book.row(job.delivery?.id ?? "")?.status !== "prepared";
      const said = job.state === "landed" ? "included" : isSent ? "broadcast" : "signed";
      return waitStep(context, job, said, null);
    });
    await context.apply(steps);
  };

  const loop = createSubmissionLoop({
    clock,
    pollMs: chain.pollMs ?? POLL_MS,
    pass,
    standing: () => (isOpen() ? "open" : book.watched().length > 0 ? "watched" : "idle"),
    onTrouble: async (error, times, pauseMs) => {
      const { code } = toWire(error);
      parts.notice({ type: "waiting", chain: chain.name, code, pauseMs });
      // What memory holds may be ahead of a commit that failed, or behind the record.
      const isBeside = code.startsWith("STORE_") || code === "DELIVERY_TRANSITION_INVALID";
      if (isBeside || !isFabricError(error)) loaded = null;
      else if (times === SAID_AFTER) await sayTrouble(code);
    },
    onEndOfTrouble: async (times) => {
      if (times >= SAID_AFTER) await sayEndOfTrouble();
    },
  });

  const supersedeOlder = async (row: DeliveryRow): Promise<void> => {
    const older = book
      .queued()
      .filter(
        ({ mode, delivery }) =>
          mode === "latest" &&
          delivery?.contract === row.contract &&
          delivery.feed === row.feed &&
          delivery.round < row.round,
      );
    await context.apply(
      older.map((job) => {
        const { code, message } = overtakenBy(job.delivery?.id ?? "", row.round);
        const change = { status: "superseded", error: code, detail: message } as const;
        return { job, state: "lost", changes: [change], spent: 0n };
      }),
    );
  };

  return {
    find: async (delivery) => {
      await ensureLoaded();
      return book.ofDelivery(delivery);
    },
    submit: async (row, call, { mode, early, signal: until }) => {
      await ensureLoaded();
      if (mode === "latest") await supersedeOlder(row);
      const job = await jobs.queue(row, call, mode);
      book.setRow(row);
      book.put(job);
      book.pace(job).recheck = early;
      await signing.advance({ signal: until });
      return await deliveryOf(jobs, row.id);
    },
    refuse: async ({ id }, change) => {
      await jobs.change(id, change);
      waiters.tell(await deliveryOf(jobs, id));
    },
    advance: async (options) => {
      await ensureLoaded();
      await signing.advance(options);
    },
    settle: async (delivery, { signal: until, onChange }) => {
      until.throwIfAborted();
      await ensureLoaded();
      const row = await deliveryOf(jobs, delivery);
      if (isSettled(row)) return row;
      const job = book.ofDelivery(delivery);
      if (!job) {
        // It may have ended between the two looks.
        const last = await deliveryOf(jobs, delivery);
        if (isSettled(last)) return last;
        throw notPrepared(delivery);
      }
      book.pace(job).armed = true;
      book.setRow(row);
      const ended = waiters.wait(delivery, { signal: until, onChange });
      loop.nudge();
      return await ended;
    },
    close: async (reason) => {
      waiters.end(reason);
      await loop.close(reason);
    },
  };
};
