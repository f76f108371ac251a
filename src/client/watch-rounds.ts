import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { chunksOf } from "../core/read-bounded.ts";
import { roundAnswer, type RoundAnswer } from "./answers.ts";
import type { HttpReader } from "./http-reader.ts";
import { pause } from "./pause.ts";
import { createSseParser } from "./sse-parser.ts";

/** Waits before the next connection, in ms: the last one stays. */
const RETRY_MS = [200, 500, 1_000, 2_000, 5_000];
/** Longest wait that a server may ask for, in ms. */
const MAX_RETRY_MS = 60_000;

const parseRound = (text: string, url: string): RoundAnswer => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fabricError(
      "CLIENT_ANSWER_INVALID",
      { url, reason: "an event is not JSON" },
      { cause: error },
    );
  }
  const parsed = roundAnswer.safeParse(json);
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues[0]?.message ?? "unknown shape";
  throw fabricError("CLIENT_ANSWER_INVALID", { url, reason });
};

/**
 * Rounds of one connection. Gives each one once: the server replays from `Last-Event-ID`, and what still comes twice
 * is dropped by its number.
 */
async function* readConnection(
  reader: HttpReader,
  path: string,
  options: {
    afterRound: number | undefined;
    signal: AbortSignal;
    onOpen: () => void;
    onRetry: (ms: number) => void;
  },
): AsyncGenerator<RoundAnswer> {
  const { afterRound, signal, onOpen, onRetry } = options;
  const headers: Record<string, string> =
    afterRound === undefined ? {} : { "last-event-id": String(afterRound) };
  const url = reader.resolve(path);
  const body = await reader.stream(path, { signal, headers });
  onOpen();
  const parser = createSseParser();
  let last = afterRound ?? 0;
  for await (const text of chunksOf(body.pipeThrough(new TextDecoderStream()))) {
    for (const { event, data } of parser.push(text)) {
      // The host's own trouble, told inside the stream before it ends it: as good as a lost connection.
      if (event === "error")
        throw fabricError("CLIENT_UNREACHABLE", { url, reason: data.slice(0, 500) });
      if (event !== "round") continue;
      const round = parseRound(data, url);
      if (round.round <= last) continue;
      last = round.round;
      yield round;
    }
    if (parser.retryMs !== null) onRetry(parser.retryMs);
  }
}

/**
 * Rounds as they are committed, over as many connections as it takes. The first connection must succeed; later
 * losses are retried from the last round seen. Ends, without an error, when the signal aborts.
 */
export async function* watchRounds(
  reader: HttpReader,
  path: string,
  options: { afterRound: number | undefined; signal: AbortSignal },
): AsyncGenerator<RoundAnswer> {
  const { signal } = options;
  let last = options.afterRound;
  let connected = false;
  let failures = 0;
  let asked: number | null = null;
  while (!signal.aborted) {
    try {
      const rounds = readConnection(reader, path, {
        afterRound: last,
        signal,
        onOpen: () => {
          connected = true;
        },
        onRetry: (ms) => {
          asked = Math.min(ms, MAX_RETRY_MS);
        },
      });
      for await (const round of rounds) {
        last = round.round;
        failures = 0;
        yield round;
      }
    } catch (error) {
      if (signal.aborted) return;
      const lost = !isFabricError(error) || error.code === "CLIENT_UNREACHABLE";
      if (!lost || !connected) throw error;
    }
    const wait = asked ?? RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0;
    failures += 1;
    // An abort ends the wait and, by the loop's condition, the watch.
    await pause(wait, signal);
  }
}
