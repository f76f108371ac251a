import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { GuestProgram } from "../protocol/guest-messages.ts";
import type { EngineRun } from "../runners/js/js-engine.ts";
import type { Guest, GuestAnswer, RunBounds } from "./guest.ts";
import type { Lodging } from "./guest-pool.ts";
import { isGuestFault } from "./quarantine.ts";
import { createRunMeter, type RunMeter } from "./run-meter.ts";
import type { RunLine } from "./run-scheduler.ts";
import type { RunServices } from "./run-services.ts";

/** One Cryptlet's runs among those of all: in turn, in a guest of its publisher, in quarantine when they only fail. */
export interface CellGuests {
  /**
   * Waits for a place, then lets `work` run the program once. With `counts` a guest's fault counts against the Cryptlet,
   * and a Cryptlet in quarantine is refused. Throws `RUN_QUEUE_FULL`, `CRYPTLET_QUARANTINED`, `CRYPTLET_CLOSED`,
   * `INTERRUPTED` and what `work` throws.
   */
  turn<Result>(
    work: (inGuest: InGuest, signal: AbortSignal) => Promise<Result>,
    options: {
      readonly signal: AbortSignal;
      readonly counts: boolean;
      /** 1 for the host's own runs, one more for each Cryptlet that called another. */
      readonly depth: number;
    },
  ): Promise<Result>;
  /** Guests that were started for it. */
  readonly starts: number;
  /** Ends the runs that are under way. */
  close(): Promise<void>;
}

export type InGuest = (
  run: EngineRun,
  bounds: RunBounds,
) => Promise<GuestAnswer & Pick<Guest, "wall"> & { readonly guestMs: number }>;

export const createCellGuests = (parts: {
  readonly cryptlet: string;
  readonly measurement: string;
  readonly program: GuestProgram;
  readonly timeoutMs: number;
  readonly lodging: Lodging;
  /** The Cryptlet's line at a depth of calls: who waits for a callee must not hold the callee's place. */
  readonly lineAt: (depth: number) => RunLine;
  readonly services: Pick<RunServices, "quarantine" | "clock">;
}): CellGuests => {
  const { cryptlet, measurement, program, timeoutMs, lodging, lineAt } = parts;
  const { quarantine, clock } = parts.services;
  const underWay = new Map<AbortController, Promise<unknown>>();
  let closed = false;

  const inGuest = (meters: RunMeter[]): InGuest => {
    return (run, bounds) =>
      lodging.use(
        program.id,
        async (guest, again, pause) => {
          const meter = createRunMeter(clock, async (text, signal) => {
            pause(true);
            try {
              return await bounds.answer(text, signal);
            } finally {
              pause(false);
            }
          });
          meters.push(meter);
          try {
            const asked = { ...bounds, answer: meter.answer, again };
            const answer = await guest.run(program, run, asked);
            return { ...answer, wall: guest.wall, guestMs: meter.guestMs() };
          } finally {
            meter.stop();
          }
        },
        bounds.signal,
      );
  };
  const assertWelcome = (counts: boolean) => {
    if (closed) throw fabricError("CRYPTLET_CLOSED", { cryptlet });
    if (counts) quarantine.check(measurement, cryptlet);
  };

  const turn: CellGuests["turn"] = async (work, { signal, counts, depth }) => {
    assertWelcome(counts);
    const controller = new AbortController();
    const abort = () => controller.abort();
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const going = lineAt(depth).enter(async (charge) => {
      // Others may have failed while this one waited.
      assertWelcome(counts);
      const meters: RunMeter[] = [];
      const guestMs = () => meters.reduce((sum, meter) => sum + meter.guestMs(), 0);
      try {
        const result = await work(inGuest(meters), controller.signal);
        if (counts) quarantine.succeeded(measurement);
        return result;
      } catch (error) {
        if (counts && isGuestFault(error, { guestMs: guestMs(), timeoutMs }))
          quarantine.failed(measurement);
        throw error;
      } finally {
        charge(guestMs());
      }
    }, controller.signal);
    underWay.set(
      controller,
      going.catch(() => undefined),
    );
    try {
      return await going;
    } finally {
      underWay.delete(controller);
      signal.removeEventListener("abort", abort);
    }
  };

  return {
    turn,
    get starts() {
      return lodging.starts;
    },
    close: async () => {
      closed = true;
      const ending = [...underWay.values()];
      for (const controller of underWay.keys()) controller.abort();
      await Promise.all(ending);
      lodging.leave();
    },
  };
};
