import { setTimeout as sleep } from "node:timers/promises";
import { fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";
import { systemCode } from "../../src/core/errors/system-code.ts";
import type { QuoteProvider } from "./quote-provider.ts";

/** ms between two looks, and how many there are: a kernel answers at the first. */
const STEP_MS = 20;
const STEPS = 250;

/** A driver's refusal. */
export const providerFailed = (provider: QuoteProvider["name"], reason: string, cause?: unknown) =>
  fabricError("QUOTE_PROVIDER_FAILED", { provider, reason }, { cause });

/** Error names of files that are not there yet or busy for a moment. */
const PASSING = new Set(["ENOENT", "EBUSY", "EAGAIN", "EWOULDBLOCK", "EINTR"]);

/**
 * Ask until there is an answer, for five seconds at most: a kernel that is busy says so, and a simulated folder needs a
 * moment. Errors that do not pass end it. Throws `QUOTE_PROVIDER_FAILED`, the signal's reason.
 */
export const awaitFresh = async <Answer>(
  provider: QuoteProvider["name"],
  what: string,
  ask: () => Promise<Answer | null>,
  signal: AbortSignal | undefined,
): Promise<Answer> => {
  let last: unknown;
  for (let step = 0; step < STEPS; step += 1) {
    signal?.throwIfAborted();
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      if (isFabricError(error)) throw error;
      if (!PASSING.has(systemCode(error) ?? ""))
        throw providerFailed(provider, error instanceof Error ? error.message : "?", error);
      last = error;
    }
    await sleep(STEP_MS, undefined, signal ? { signal } : {});
  }
  throw providerFailed(provider, `no ${what} came`, last);
};
