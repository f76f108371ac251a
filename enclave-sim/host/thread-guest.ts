import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire } from "../../src/core/errors/wire.ts";
import {
  CONTROL,
  type FromGuest,
  type GuestThreadData,
  type ToGuest,
} from "../protocol/guest-messages.ts";
import { WALL } from "../protocol/limits.ts";
import type { Guest, RunBounds } from "./guest.ts";
import { threadEnvironment, threadFile } from "./thread-file.ts";

type Outcome = Exclude<FromGuest, { kind: "call" }>;

/** V8's own stack in MB: the engine's recursion needs it, and less crashes the process instead of the run. */
const STACK_MB = 4;

/** Start a guest's thread in this process. `file` is its built entry. */
export const startThreadGuest = (file: string = threadFile("guest/guest-thread")): Guest => {
  const control = new SharedArrayBuffer(CONTROL.LENGTH * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(control);
  const { port1: answers, port2 } = new MessageChannel();
  const worker = new Worker(file, {
    workerData: { control, answers: port2 } satisfies GuestThreadData,
    transferList: [port2],
    env: threadEnvironment(),
    execArgv: [],
    argv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  const state: { listener: Listener | undefined; alive: boolean } = {
    listener: undefined,
    alive: true,
  };
  const gone = (reason: string) => {
    state.alive = false;
    answers.close();
    state.listener?.lost(reason);
  };
  worker.on("message", (message: FromGuest) => state.listener?.heard(message));
  worker.on("messageerror", () => gone("it sent something that is not a message"));
  worker.on("error", (error) => gone(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => gone(`its thread ended with code ${code}`));
  const send = (message: ToGuest) => worker.postMessage(message);
  const listen = (listener: Listener | undefined) => {
    state.listener = listener;
  };
  const thread: Thread = { worker, words, answers, send, listen, isAlive: () => state.alive };

  return {
    get alive() {
      return state.alive;
    },
    wall: "none",
    build: async (code, bounds) => {
      const outcome = await converse(
        thread,
        { kind: "build", code },
        { ...bounds, answer: noCalls },
      );
      if (outcome.kind === "built") return outcome.snapshot;
      throw errorOf(outcome);
    },
    run: async (program, run, bounds) => {
      const { again = false } = bounds;
      const outcome = await converse(thread, { kind: "run", program, run, again }, bounds);
      if (outcome.kind === "done") return { text: outcome.text, fuel: outcome.fuel };
      throw errorOf(outcome);
    },
    close: () => endThread(thread),
  };
};

interface Listener {
  heard(message: FromGuest): void;
  lost(reason: string): void;
}

interface Thread {
  readonly worker: Worker;
  readonly words: Int32Array;
  readonly answers: MessagePort;
  send(message: ToGuest): void;
  listen(listener: Listener | undefined): void;
  isAlive(): boolean;
}

const errorOf = (outcome: Outcome) =>
  "error" in outcome
    ? fromWire(outcome.error)
    : fabricError("GUEST_CRASHED", { reason: `it answered ${outcome.kind} out of turn` });

/** Sends one message, serves host calls, and gives the message that ends it; never later than the deadline and its grace. */
const converse = (thread: Thread, message: ToGuest, bounds: RunBounds): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    if (!thread.isAlive()) return reject(crashed("its thread is gone"));
    if (bounds.signal.aborted) return reject(interrupted());
    const calls = new AbortController();
    let stopping: Error | undefined;
    let grace: NodeJS.Timeout | undefined;
    /** First by word, which keeps the thread; then by force, for native loops that ask nobody. */
    const stop = (reason: Error) => {
      if (stopping) return;
      stopping = reason;
      calls.abort(reason);
      Atomics.store(thread.words, CONTROL.CANCEL, 1);
      wake(thread);
      grace = setTimeout(() => void thread.worker.terminate(), WALL.graceMs);
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
      thread.listen(undefined);
      Atomics.store(thread.words, CONTROL.CANCEL, 0);
    };
    const answerCall = async (text: string): Promise<void> => {
      try {
        const answer = await bounds.answer(text, calls.signal);
        if (!stopping) wake(thread, answer);
      } catch (error) {
        // Not an answer that holds an error, which the guest gets as text: the run itself must not go on.
        stop(error as Error);
      }
    };
    thread.listen({
      heard: (heard) => {
        if (heard.kind === "call") return stopping ? wake(thread) : void answerCall(heard.text);
        settle();
        if (stopping) reject(stopping);
        else resolve(heard);
      },
      lost: (reason) => {
        settle();
        reject(stopping ?? crashed(reason));
      },
    });
    thread.send(message);
  });

/** Ends the guest's sleep, with an answer or to be stopped. */
const wake = (thread: Thread, answer?: string): void => {
  if (answer !== undefined) thread.answers.postMessage(answer);
  Atomics.add(thread.words, CONTROL.ANSWERS, 1);
  Atomics.notify(thread.words, CONTROL.ANSWERS);
};

/** A bundle that is evaluated has no capabilities; its engine refuses calls before they come here. */
const noCalls = () => Promise.reject(crashed("a host call while the bundle is evaluated"));

const crashed = (reason: string) => fabricError("GUEST_CRASHED", { reason });
const interrupted = () => fabricError("INTERRUPTED", { what: "The run" });

const endThread = (thread: Thread): Promise<void> =>
  new Promise((resolve) => {
    if (!thread.isAlive()) return resolve();
    const force = setTimeout(() => void thread.worker.terminate(), WALL.graceMs * 4);
    thread.worker.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    Atomics.store(thread.words, CONTROL.CANCEL, 1);
    thread.send({ kind: "end" });
  });
