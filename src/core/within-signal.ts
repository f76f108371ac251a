import { once } from "node:events";

/** The same promise, but rejected with the signal's reason when that comes first. The work itself goes on. */
export const withinSignal = async <Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> => {
  if (!signal) return await work;
  const done = new AbortController();
  const aborted = (async (): Promise<never> => {
    if (!signal.aborted) await once(signal, "abort", { signal: done.signal });
    throw signal.reason;
  })();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    done.abort();
    aborted.catch(() => undefined);
    work.catch(() => undefined);
  }
};
