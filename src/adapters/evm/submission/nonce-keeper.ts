import type { Clock } from "../../../core/clock.ts";
import { fabricError } from "../../../core/errors/fabric-error.ts";
import type { ChainName } from "../../../core/ids.ts";
import type { RpcOptions } from "../evm-rpc.ts";
import type { ChainQuestions } from "./chain-questions.ts";
import type { JobStore } from "./job-store.ts";
import { planNonce } from "./nonce-plan.ts";

/** Says when the account's record must be compared with the chain. */
export interface NonceKeeper {
  /**
   * The least next nonce; null while the record is fresh and is enough by itself. Throws `CHAIN_NONCE_DOUBTFUL` and what
   * questions throw.
   */
  next(options: RpcOptions): Promise<number | null>;
  /** The next question goes to the chain: somebody else uses the account, or the record was wrong. */
  distrust(): void;
}

/** So long our own record is believed without a look at the chain, ms. */
const FRESH_MS = 30_000;
/** What it takes for an absurd count to be believed: so many looks over so long. */
const DOUBT_LOOKS = 3;
const DOUBT_MS = 5_000;

export const createNonceKeeper = (parts: {
  readonly chain: ChainName;
  readonly questions: ChainQuestions;
  readonly jobs: JobStore;
  readonly clock: Clock;
}): NonceKeeper => {
  const { chain, questions, jobs, clock } = parts;
  let checkedAt: number | null = null;
  let doubt: { readonly least: number; readonly looks: number; readonly since: number } | null =
    null;
  return {
    distrust: () => {
      checkedAt = null;
    },
    next: async (options) => {
      const now = clock.monotonic();
      if (checkedAt !== null && now - checkedAt < FRESH_MS) return null;
      const [latest, pending, next] = await Promise.all([
        questions.count("latest", options),
        questions.count("pending", options),
        jobs.nextNonce(),
      ]);
      const confirmed =
        doubt !== null &&
        latest >= doubt.least &&
        doubt.looks >= DOUBT_LOOKS &&
        now - doubt.since >= DOUBT_MS;
      const plan = planNonce({ next, latest, pending, confirmed });
      if ("next" in plan) {
        doubt = null;
        checkedAt = now;
        return plan.next;
      }
      const isSame = doubt !== null && latest >= doubt.least;
      doubt = {
        least: isSame && doubt ? doubt.least : latest,
        looks: isSame && doubt ? doubt.looks + 1 : 1,
        since: isSame && doubt ? doubt.since : now,
      };
      throw fabricError("CHAIN_NONCE_DOUBTFUL", {
        chain,
        said: plan.doubtful,
        expected: next ?? 0,
      });
    },
  };
};
