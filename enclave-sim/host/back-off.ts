import type { Clock } from "../../src/core/clock.ts";

/** How long to wait before something that keeps ending is started again. */
export interface BackOff {
  /** It ended by itself. */
  failed(): void;
  /** It did its work. */
  succeeded(): void;
  /** Resolves when it may be started; the first restart waits for nothing. Rejects with the signal's reason. */
  ready(signal: AbortSignal): Promise<void>;
}

export interface BackOffBounds {
  /** ms before the second restart in a row; each further one doubles it. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export const createBackOff = (clock: Clock, { firstMs, maxMs }: BackOffBounds): BackOff => {
  let failures = 0;
  let earliest = 0;
  return {
    failed: () => {
      failures += 1;
      const ms = failures < 2 ? 0 : Math.min(maxMs, firstMs * 2 ** (failures - 2));
      earliest = clock.monotonic() + ms;
    },
    succeeded: () => {
      failures = 0;
      earliest = 0;
    },
    ready: async (signal) => {
      const ms = earliest - clock.monotonic();
      if (ms > 0) await clock.sleep(ms, { signal });
    },
  };
};
