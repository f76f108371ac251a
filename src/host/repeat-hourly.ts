import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

const HOUR_MS = 3_600_000;

/**
 * Does the work now and every hour until stopped; `stop` resolves when the work that runs has ended. What fails is logged
 * under the work's name and comes again an hour later.
 */
export const repeatHourly = (
  parts: { readonly clock: Clock; readonly log: Log; readonly name: string },
  work: () => Promise<unknown>,
): { stop(): Promise<void> } => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        parts.log.warn(`${parts.name} failed; it comes again`, { error });
      }
      await parts.clock.sleep(HOUR_MS, { signal }).catch(() => undefined);
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
};
