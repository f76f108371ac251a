import { isFabricError } from "../core/errors/fabric-error.ts";
import type { RoundAnswer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";
import { pause } from "./pause.ts";
import { requestAnswer } from "./subscription-answers.ts";

/** What a request of a run takes. */
export interface RequestOptions extends CallOptions {
  /** Stands for this one request: 1 to 200 printable ASCII characters; default: one of its own. */
  readonly idempotencyKey?: string;
  /** A round issued no longer ago than this, ms, is the answer without a run. */
  readonly maxAgeMs?: number;
}

/** The answer of a request. */
export interface RequestedRound {
  readonly round: RoundAnswer;
  /** The round was made for this request; else it was there already. */
  readonly made: boolean;
}

/** How long a question waits at the host, ms: below what proxies usually allow. */
const WAIT_MS = 20_000;
/** Waits before the next try, ms: the last one stays. */
const RETRY_MS = [100, 300, 1_000, 2_000, 5_000];
/** A question that was to wait was answered sooner than this, ms: the host did not wait. */
const AT_ONCE_MS = 50;
/** Tries in a row that find nobody, before that is the answer. */
const MAX_FAILURES = 5;

/** Asks until the request is at its end. The key makes all questions one request. */
export const requestRound = async (
  reader: HttpReader,
  feedPath: string,
  options: RequestOptions = {},
): Promise<RequestedRound> => {
  const { idempotencyKey = globalThis.crypto.randomUUID(), maxAgeMs, signal } = options;
  const until = signal ?? new AbortController().signal;
  const words = new URLSearchParams({ waitMs: String(WAIT_MS) });
  if (maxAgeMs !== undefined) words.set("maxAgeMs", String(maxAgeMs));
  const path = `${feedPath}/requests?${words.toString()}`;
  let idle = 0;
  for (let failures = 0; ;) {
    const asked = performance.now();
    try {
      const answer = await reader.json(path, requestAnswer, {
        signal,
        alsoStatus: [],
        method: "POST",
        headers: { "idempotency-key": idempotencyKey },
        extraMs: WAIT_MS,
      });
      if (answer.status === "done") return { round: answer.round, made: answer.made };
      failures = 0;
      idle = performance.now() - asked >= AT_ONCE_MS ? 0 : idle + 1;
      if (idle > 1) await pause(RETRY_MS[Math.min(idle - 2, RETRY_MS.length - 1)] ?? 0, until);
    } catch (error) {
      failures += 1;
      if (!isFabricError(error, "CLIENT_UNREACHABLE") || failures >= MAX_FAILURES) throw error;
      await pause(RETRY_MS[Math.min(failures - 1, RETRY_MS.length - 1)] ?? 0, until);
    }
    until.throwIfAborted();
  }
};
