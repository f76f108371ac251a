import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { fromWire } from "../../core/errors/wire.ts";
import type { FabricEvent, FabricEvents } from "../../host/fabric-events.ts";

interface WaitOptions {
  readonly what: string;
  readonly signal: AbortSignal;
  /** Longest wait in ms; 30,000 unless told. */
  readonly limitMs?: number;
}

/** Everything a fabric told since it was opened: nobody misses news that came before the question. */
export interface EventLog {
  /** The first event, past or coming, that matches. Throws `DEMO_TIMED_OUT` with the last failed run as cause. */
  wait<Event extends FabricEvent>(
    matches: (event: FabricEvent) => event is Event,
    options: WaitOptions,
  ): Promise<Event>;
  close(): void;
}

/** Longest wait for one event: two slow live answers and a block. */
const LIMIT_MS = 30_000;

const lastFailure = (events: readonly FabricEvent[]): unknown => {
  const failed = events.findLast((event) => event.type === "run-failed");
  return failed ? fromWire(failed.error) : undefined;
};

/** Listen from now on. */
export const openEventLog = (events: FabricEvents): EventLog => {
  const seen: FabricEvent[] = [];
  const close = events.subscribe((event) => seen.push(event));
  return {
    async wait<Event extends FabricEvent>(
      matches: (event: FabricEvent) => event is Event,
      { what, signal, limitMs = LIMIT_MS }: WaitOptions,
    ) {
      const past = seen.find((event): event is Event => matches(event));
      if (past) return past;
      const limit = AbortSignal.timeout(limitMs);
      try {
        return await events.next(matches, { signal: AbortSignal.any([signal, limit]) });
      } catch (error) {
        if (!limit.aborted || signal.aborted || isFabricError(error)) throw error;
        const seconds = limitMs / 1_000;
        throw fabricError("DEMO_TIMED_OUT", { what, seconds }, { cause: lastFailure(seen) });
      }
    },
    close,
  };
};
