import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { GuestRefusal } from "../../src/sdk/abi.ts";
import type { FromGuest, ToGuest } from "../protocol/guest-messages.ts";
import type { Guest, RunBounds } from "./guest.ts";

/** How words reach a guest and come back, wherever it lives. */
export interface GuestLine {
  readonly isAlive: () => boolean;
  readonly send: (message: ToGuest) => void;
  /** Ends the guest's sleep with an answer. */
  readonly answer: (text: string) => void;
  /** Asks what runs to stop; a guest that listens stays. */
  readonly cancel: () => void;
  /** Before the next conversation: nothing is cancelled any more. */
  readonly reset: () => void;
  /** By force, for native loops that ask nobody. */
  readonly terminate: () => void;
  /** ms between the two. */
  readonly graceMs: number;
  readonly listen: (listener: LineListener | undefined) => void;
  /** What a run that failed throws; zod, which checks it, does not belong behind the wall. */
  readonly toError: (refusal: GuestRefusal) => Error;
}

export interface LineListener {
  heard(message: FromGuest): void;
  lost(reason: string): void;
}

type Outcome = Exclude<FromGuest, { kind: "call" }>;

const crashed = (reason: string) => fabricError("GUEST_CRASHED", { reason });
const interrupted = () => fabricError("INTERRUPTED", { what: "The run" });

/** Sends one message, serves host calls, and gives the message that ends it; never later than the deadline and its grace. */
const converse = (line: GuestLine, message: ToGuest, bounds: RunBounds): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    if (!line.isAlive()) return reject(crashed("it is gone"));
    if (bounds.signal.aborted) return reject(interrupted());
    const calls = new AbortController();
    let stopping: Error | undefined;
    let grace: NodeJS.Timeout | undefined;
    const stop = (reason: Error) => {
      if (stopping) return;
      stopping = reason;
      calls.abort(reason);
      line.cancel();
      grace = setTimeout(line.terminate, line.graceMs);
    };
    const deadline = setTimeout(
      () => stop(fabricError("RUN_DEADLINE", { limitMs: bounds.timeoutMs })),
      bounds.timeoutMs,
    );
    const onAbort = () => stop(interrupted());
    bounds.signal.addEventListener("abort", onAbort, { once: true });
    const settle = () => {
      clearTimeout(deadline);
      clearTimeout(grace);
      bounds.signal.removeEventListener("abort", onAbort);
      calls.abort();
      line.listen(undefined);
      line.reset();
    };
    const answerCall = async (text: string): Promise<void> => {
      try {
        const answer = await bounds.answer(text, calls.signal);
        if (!stopping) line.answer(answer);
      } catch (error) {
        // Not an answer that holds an error, which the guest gets as text: the run itself must not go on.
        stop(error as Error);
      }
    };
    line.listen({
      heard: (heard) => {
        if (heard.kind === "call") return stopping ? line.cancel() : void answerCall(heard.text);
        settle();
        if (stopping) reject(stopping);
        else resolve(heard);
      },
      lost: (reason) => {
        settle();
        reject(stopping ?? crashed(reason));
      },
    });
    line.send(message);
  });

/** Code that is evaluated has no capabilities; its engine refuses calls before they come here. */
const noCalls = () => Promise.reject(crashed("a host call while the code is evaluated"));

const errorOf = (line: GuestLine, outcome: Outcome): Error =>
  "error" in outcome
    ? line.toError(outcome.error)
    : crashed(`it answered ${outcome.kind} out of turn`);

/** A guest's two kinds of work over its line. */
export const guestWork = (line: GuestLine): Pick<Guest, "build" | "run"> => ({
  build: async (code, bounds) => {
    const outcome = await converse(line, { kind: "build", code }, { ...bounds, answer: noCalls });
    if (outcome.kind === "built") return outcome.snapshot;
    throw errorOf(line, outcome);
  },
  run: async (program, run, bounds) => {
    const { again = false } = bounds;
    const outcome = await converse(line, { kind: "run", program, run, again }, bounds);
    if (outcome.kind === "done") return { text: outcome.text, fuel: outcome.fuel };
    throw errorOf(line, outcome);
  },
});
