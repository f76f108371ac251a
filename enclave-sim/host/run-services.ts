import type { Clock } from "../../src/core/clock.ts";
import { createGuestPool, type GuestPool } from "./guest-pool.ts";
import { createQuarterMaster, type QuarterMaster, type WallPolicy } from "./guest-quarters.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import {
  createRunScheduler,
  type PublisherPlaces,
  type RunLine,
  type RunPlaces,
  type RunScheduler,
} from "./run-scheduler.ts";
import { WALL } from "../protocol/limits.ts";

/** What all Cryptlets of an enclave share: guests, places to run, and memory of who only fails. */
export interface RunServices {
  readonly pool: GuestPool;
  /** The lines of one Cryptlet by depth of calls. */
  openLines(cryptlet: string, publisher: PublisherPlaces): (depth: number) => RunLine;
  readonly quarantine: Quarantine;
  readonly quarters: QuarterMaster;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Runs at a time. Most of them wait for a provider; those that compute are the machine's to divide. */
const PLACES: RunPlaces = { total: 48, width: WALL.guests, waiting: WALL.queuedRuns };
/** ms between looks at idle guests. */
const SWEEP_MS = 15_000;

export const createRunServices = (policy: WallPolicy, clock: Clock): RunServices => {
  const pool = createGuestPool(clock);
  /** One per depth of calls, so that callers that wait for each other's callees never fill all places. */
  const schedulers = new Map<number, RunScheduler>();
  const schedulerAt = (depth: number): RunScheduler => {
    const scheduler = schedulers.get(depth) ?? createRunScheduler(PLACES);
    schedulers.set(depth, scheduler);
    return scheduler;
  };
  const timer = setInterval(pool.sweep, SWEEP_MS).unref();
  return {
    pool,
    openLines: (cryptlet, publisher) => {
      const lines = new Map<number, RunLine>();
      return (depth) => {
        const line = lines.get(depth) ?? schedulerAt(depth).open(cryptlet, publisher);
        lines.set(depth, line);
        return line;
      };
    },
    quarantine: createQuarantine(clock),
    quarters: createQuarterMaster(policy),
    clock,
    close: async () => {
      clearInterval(timer);
      await pool.close();
    },
  };
};
