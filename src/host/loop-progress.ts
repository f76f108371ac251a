import type { Clock } from "../core/clock.ts";
import type { Liveness } from "./fabric.ts";

/** Progress of the host's loops, as `/live` tells it: a loop that stands still for longer than its limit is dead. */
export interface LoopProgress {
  /** Announce a loop; it counts as having moved now. */
  register(loop: string, limitMs: number): LoopTick;
  read(): Liveness;
}

/** Called by a loop each time it moved on. */
export interface LoopTick {
  (): void;
  /** The loop has ended on purpose and no longer counts. */
  end(): void;
}

/**
 * @example
 * ```ts
 * const progress = createLoopProgress(systemClock);
 * const tick = progress.register("outbox", 10_000);
 * tick();
 * progress.read().ok; // true
 * ```
 */
export const createLoopProgress = (clock: Clock): LoopProgress => {
  const loops = new Map<string, { limitMs: number; movedAt: number }>();
  return {
    register(loop, limitMs) {
      loops.set(loop, { limitMs, movedAt: clock.monotonic() });
      const tick = () => {
        const entry = loops.get(loop);
        if (entry) entry.movedAt = clock.monotonic();
      };
      return Object.assign(tick, { end: () => void loops.delete(loop) });
    },
    read() {
      const now = clock.monotonic();
      const entries = [...loops].map(([loop, { limitMs, movedAt }]) => {
        const idleMs = Math.max(0, Math.round(now - movedAt));
        return [loop, { ok: idleMs <= limitMs, idleMs, limitMs }] as const;
      });
      return { ok: entries.every(([, { ok }]) => ok), loops: Object.fromEntries(entries) };
    },
  };
};
