import type { DeliverySubStatus } from "../../../core/delivery-sub-status.ts";
import { fabricError, isFabricError } from "../../../core/errors/fabric-error.ts";
import { feesOf, highestPrice } from "./attempt-fees.ts";
import type { JobStep } from "./job-store.ts";
import { hashesOf, newestSigned, type Job } from "./job.ts";
import { waitStep, type StageOptions, type SubmissionContext } from "./submission-context.ts";

/** Brings signed bytes to the chain's nodes. */
export interface JobSender {
  /**
   * Sends what is due, lowest nonce first. True when a node refused something that it does not know either: then the
   * chain's state must say why.
   */
  send(options: StageOptions): Promise<boolean>;
  /** The pool may have lost everything: all of it is due again. */
  resend(): void;
}

/** Broadcasts on their way at the same time; nodes keep a few out of order. */
const AT_ONCE = 8;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** Competing hashes that are asked for after a refusal. */
const MAX_ASKED = 3;

const OUTLASTING: ReadonlySet<DeliverySubStatus> = new Set([
  "cancelling",
  "replaced",
  "waiting-for-fee",
  "waiting-for-budget",
]);

type Reception = "taken" | "unknown" | "unfunded";

export const createJobSender = (context: SubmissionContext): JobSender => {
  const { book, clock, questions, list, chain, signer } = context;

  /** A node that does not answer may have taken it all the same. */
  const isTaken = async (raw: string, options: StageOptions): Promise<boolean> => {
    try {
      return await questions.broadcast(raw, options);
    } catch (error) {
      if (isFabricError(error, "CHAIN_UNREACHABLE")) return false;
      throw error;
    }
  };

  /** Four clients have four texts for one refusal: what the node knows afterwards decides. */
  const receive = async (job: Job, raw: string, options: StageOptions): Promise<Reception> => {
    if (await isTaken(raw, options)) return "taken";
    for (const hash of hashesOf(job).toReversed().slice(0, MAX_ASKED))
      if (await questions.isKnown(hash, options)) return "taken";
    const newest = newestSigned(job);
    if (!newest) return "unknown";
    const cost = job.call.gasLimit * highestPrice(feesOf(newest));
    return (await questions.balance(options)) < cost ? "unfunded" : "unknown";
  };

  const takenSteps = (job: Job, hash: string, isAgain: boolean): readonly JobStep[] => {
    const row = job.delivery ? book.row(job.delivery.id) : null;
    if (!row || book.isEnded(job)) return [];
    if (row.status === "prepared") {
      const change = { status: "submitted", subStatus: "broadcast", txHash: hash } as const;
      return [{ job, changes: [{ ...change, error: null, detail: hash }] }];
    }
    const { subStatus } = row;
    const isOver = subStatus === "waiting-for-funds" || subStatus === "waiting-for-chain";
    // What a broadcast does not change, or has said so itself when it was signed again, stays.
    const isSaid = subStatus !== null && OUTLASTING.has(subStatus);
    if (row.status !== "submitted" || isSaid || !(isAgain || isOver)) return [];
    const change = { status: "submitted", subStatus: "rebroadcast", detail: hash } as const;
    return [{ job, changes: [{ ...change, error: null }] }];
  };

  /** Jobs that somebody settles, and everything with a lower nonce: the first could not land without it. */
  const dueJobs = (): readonly Job[] => {
    const live = book.live();
    const last = live.findLastIndex((job) => book.pace(job).armed);
    const now = clock.monotonic();
    return live.slice(0, last + 1).filter((job) => {
      const { sentAt, dueAt } = book.pace(job);
      return sentAt === null && now >= dueAt && newestSigned(job) !== null;
    });
  };

  const unfundedSteps = async (job: Job, options: StageOptions): Promise<readonly JobStep[]> => {
    const newest = newestSigned(job);
    const cost = newest ? job.call.gasLimit * highestPrice(feesOf(newest)) : 0n;
    const missing = cost - (await questions.balance(options));
    const { code, message } = fabricError("CHAIN_FUNDS_MISSING", {
      account: signer.address,
      chain: chain.name,
      missing,
    });
    return waitStep(context, job, "waiting-for-funds", { code, detail: message });
  };

  const sendSome = async (
    some: readonly Job[],
    options: StageOptions,
  ): Promise<{ refused: boolean; unfunded: boolean }> => {
    const receptions = await Promise.all(
      some.map(async (job) => {
        const raw = newestSigned(job)?.raw;
        return raw === undefined ? "unknown" : await receive(job, raw, options);
      }),
    );
    const steps: JobStep[] = [];
    for (const [index, job] of some.entries()) {
      const pace = book.pace(job);
      const reception = receptions[index];
      if (reception === "taken") {
        const isAgain = pace.sentHeight > 0;
        pace.sentAt = clock.monotonic();
        pace.raisedAt ??= pace.sentAt;
        pace.isRefused = false;
        pace.sentHeight = list.tip?.number ?? 1;
        pace.pauseMs = FIRST_PAUSE_MS;
        steps.push(...takenSteps(job, newestSigned(job)?.hash ?? "", isAgain));
      } else {
        pace.dueAt = clock.monotonic() + pace.pauseMs;
        pace.raisedAt ??= clock.monotonic();
        pace.isRefused = reception === "unknown";
        pace.pauseMs = Math.min(LONGEST_PAUSE_MS, pace.pauseMs * 2);
        if (reception === "unfunded") steps.push(...(await unfundedSteps(job, options)));
      }
    }
    await context.apply(steps);
    return {
      refused: receptions.includes("unknown"),
      unfunded: receptions.includes("unfunded"),
    };
  };

  return {
    send: async (options) => {
      const due = dueJobs();
      let isRefused = false;
      for (let from = 0; from < due.length; from += AT_ONCE) {
        const { refused, unfunded } = await sendSome(due.slice(from, from + AT_ONCE), options);
        isRefused ||= refused;
        // Nobody pays for what comes behind either.
        if (unfunded) break;
      }
      return isRefused;
    },
    resend: () => {
      for (const job of book.live()) {
        const pace = book.pace(job);
        pace.sentAt = null;
        pace.dueAt = 0;
      }
    },
  };
};
