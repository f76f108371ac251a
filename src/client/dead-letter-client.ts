import { deadLetterAnswer, deadLettersAnswer, type DeadLetterAnswer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";

/** Messages that a consumer gave up on. */
export interface DeadLetterClient {
  /** Newest first; `waiting: true` leaves out those that were put back. */
  list(
    query?: { readonly waiting?: boolean; readonly limit?: number } & CallOptions,
  ): Promise<readonly DeadLetterAnswer[]>;
  /** Throws `DEAD_LETTER_UNKNOWN`. */
  get(id: string, options?: CallOptions): Promise<DeadLetterAnswer>;
  /** Publishes it again. Throws `DEAD_LETTER_UNKNOWN`, `API_READ_ONLY`. */
  replay(id: string, options?: CallOptions): Promise<DeadLetterAnswer>;
}

const path = (id: string): string => `v1/dead-letters/${encodeURIComponent(id.slice(0, 200))}`;
const options = (call: CallOptions | undefined) => ({ signal: call?.signal, alsoStatus: [] });

/** @see DeadLetterClient */
export const createDeadLetterClient = (reader: HttpReader): DeadLetterClient => {
  return {
    list: async ({ signal, waiting = false, limit } = {}) => {
      const words = new URLSearchParams({ waiting: String(waiting) });
      if (limit !== undefined) words.set("limit", String(limit));
      return reader.json(`v1/dead-letters?${words.toString()}`, deadLettersAnswer, {
        signal,
        alsoStatus: [],
      });
    },
    get: async (id, call) => reader.json(path(id), deadLetterAnswer, options(call)),
    replay: async (id, call) =>
      reader.json(`${path(id)}/replay`, deadLetterAnswer, { ...options(call), method: "POST" }),
  };
};
