import type { DeliveryRow } from "../../../store/deliveries.ts";
import { isSettled } from "../../contract/chain-adapter.ts";
import type { EvmReceipt } from "../chain-answers.ts";
import { byRound, hashesOf, type Job } from "./job.ts";

/** What only this process knows of a job: times on the monotonic clock, in ms. */
export interface JobPace {
  /** Newest attempt handed to a node; null until then. */
  sentAt: number | null;
  /** Height at that time. */
  sentHeight: number;
  /** Not sent again before; grows while nodes refuse it. */
  dueAt: number;
  pauseMs: number;
  /** When it was first sent, or last looked at for a raise; null before. */
  raisedAt: number | null;
  /** No node took the newest attempt, and the account can pay for it. */
  isRefused: boolean;
  /** Looks that said its nonce is used up while nobody knows its transactions. */
  suspicion: { readonly looks: number; readonly since: number } | null;
  /** Somebody settles it. */
  armed: boolean;
  /** Its call is checked again before a nonce is taken. */
  recheck: boolean;
  receipt: EvmReceipt | null;
}

/** Jobs in memory: what is open, and what ended so lately that a reorg can still reach it. */
export interface JobBook {
  put(job: Job): void;
  drop(job: Job): void;
  clear(): void;
  get(id: number): Job | null;
  pace(job: Job): JobPace;
  /** The newest open job of a delivery. */
  ofDelivery(delivery: string): Job | null;
  ofHash(hash: string): Job | null;
  /** In the order in which they get nonces. */
  queued(): readonly Job[];
  /** By nonce. */
  live(): readonly Job[];
  landed(): readonly Job[];
  /** Ended, and in a block that is still watched; or lost. */
  watched(): readonly Job[];
  row(delivery: string): DeliveryRow | null;
  setRow(row: DeliveryRow): void;
  /** True when nothing more may be written to the job's delivery. */
  isEnded(job: Job): boolean;
}

const FIRST_PAUSE_MS = 250;

export const createJobBook = (): JobBook => {
  const jobs = new Map<number, Job>();
  const paces = new Map<number, JobPace>();
  const rows = new Map<string, DeliveryRow>();
  const byHash = new Map<string, number>();
  const byDelivery = new Map<string, Set<number>>();
  const all = (keep: (job: Job) => boolean): Job[] => [...jobs.values()].filter(keep);
  return {
    put: (job) => {
      jobs.set(job.id, job);
      for (const hash of hashesOf(job)) byHash.set(hash.toLowerCase(), job.id);
      if (!job.delivery) return;
      const siblings = byDelivery.get(job.delivery.id) ?? new Set();
      byDelivery.set(job.delivery.id, siblings.add(job.id));
    },
    drop: (job) => {
      jobs.delete(job.id);
      paces.delete(job.id);
      for (const hash of hashesOf(job)) byHash.delete(hash.toLowerCase());
      const siblings = job.delivery ? byDelivery.get(job.delivery.id) : null;
      siblings?.delete(job.id);
      if (!job.delivery || (siblings && siblings.size > 0)) return;
      byDelivery.delete(job.delivery.id);
      rows.delete(job.delivery.id);
    },
    clear: () => {
      jobs.clear();
      paces.clear();
      rows.clear();
      byHash.clear();
      byDelivery.clear();
    },
    get: (id) => jobs.get(id) ?? null,
    pace: (job) => {
      const known = paces.get(job.id);
      if (known) return known;
      const pace: JobPace = {
        sentAt: null,
        sentHeight: 0,
        dueAt: 0,
        pauseMs: FIRST_PAUSE_MS,
        raisedAt: null,
        isRefused: false,
        suspicion: null,
        armed: false,
        recheck: false,
        receipt: null,
      };
      paces.set(job.id, pace);
      return pace;
    },
    ofDelivery: (delivery) => {
      const siblings = [...(byDelivery.get(delivery) ?? [])].flatMap((id) => jobs.get(id) ?? []);
      return siblings.findLast(({ state }) => state !== "done" && state !== "lost") ?? null;
    },
    ofHash: (hash) => jobs.get(byHash.get(hash.toLowerCase()) ?? -1) ?? null,
    queued: () => all(({ state }) => state === "queued").toSorted(byRound),
    live: () =>
      all(({ state }) => state === "live").toSorted((a, b) => (a.nonce ?? 0) - (b.nonce ?? 0)),
    landed: () => all(({ state }) => state === "landed"),
    watched: () => all(({ state }) => state === "done" || state === "lost"),
    row: (delivery) => rows.get(delivery) ?? null,
    setRow: (row) => void rows.set(row.id, row),
    isEnded: ({ delivery }) => {
      const row = delivery ? rows.get(delivery.id) : null;
      return !row || isSettled(row);
    },
  };
};
