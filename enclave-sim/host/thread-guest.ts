import { MessageChannel, Worker } from "node:worker_threads";
import {
  CONTROL,
  type FromGuest,
  GUEST_READY,
  type GuestThreadData,
  type ToGuest,
} from "../protocol/guest-messages.ts";
import type { Lane } from "../protocol/lane.ts";
import { WALL } from "../protocol/limits.ts";
import { compileEngine } from "../runners/js/engine-module.ts";
import type { EngineLimits } from "../runners/js/js-engine.ts";
import { type GuestLine, guestWork, type LineListener } from "./converse.ts";
import type { Guest } from "./guest.ts";
import { guestThreadFile, threadEnvironment } from "./thread-file.ts";

/** V8's own stack in MB: the engine's recursion needs it, and less crashes the process instead of the run. */
const STACK_MB = 4;

/** Start a guest's thread in this process. `file` is its built entry. */
export const startThreadGuest = (
  toError: GuestLine["toError"],
  file: string | URL = guestThreadFile(),
): Guest => {
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
  let alive = true;
  let listener: LineListener | undefined;
  const gone = (reason: string) => {
    alive = false;
    answers.close();
    listener?.lost(reason);
  };
  const ready = new Promise<void>((resolve) => {
    worker.once("message", () => resolve());
    worker.once("exit", () => resolve());
  });
  worker.on("message", (message: FromGuest | typeof GUEST_READY) => {
    if (message !== GUEST_READY) listener?.heard(message);
  });
  worker.on("messageerror", () => gone("it sent something that is not a message"));
  worker.on("error", (error) => gone(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => gone(`its thread ended with code ${code}`));

  /** Ends the guest's sleep, with an answer or to be stopped. */
  const wake = () => {
    Atomics.add(words, CONTROL.ANSWERS, 1);
    Atomics.notify(words, CONTROL.ANSWERS);
  };
  const cancel = () => {
    Atomics.store(words, CONTROL.CANCEL, 1);
    wake();
  };
  const send = (message: ToGuest) => worker.postMessage(message);
  /** Compiled here, once: a thread of its own would make the same machine code, and make it better, alone. */
  let engine: { readonly memoryBytes: number; readonly module: WebAssembly.Module } | undefined;
  /** Bounds of memory whose engine the thread was sent and keeps: taking it once more costs a tenth of a run. */
  const sent = new Set<number>();
  const readyEngine = async (lane: Lane, { memoryBytes }: EngineLimits): Promise<void> => {
    engine =
      lane === "js" && !sent.has(memoryBytes)
        ? { memoryBytes, module: await compileEngine(memoryBytes) }
        : undefined;
  };
  const sendWork = (message: ToGuest) => {
    if (message.kind === "end" || !engine) return send(message);
    sent.add(engine.memoryBytes);
    send({ ...message, module: engine.module });
  };
  const work = guestWork({
    isAlive: () => alive,
    send: sendWork,
    answer: (text) => {
      answers.postMessage(text);
      wake();
    },
    cancel,
    reset: () => void Atomics.store(words, CONTROL.CANCEL, 0),
    terminate: () => void worker.terminate(),
    graceMs: WALL.graceMs,
    listen: (next) => {
      listener = next;
    },
    toError,
  });
  return {
    build: async (code, bounds) => {
      await readyEngine(code.lane, code.limits);
      return work.build(code, bounds);
    },
    run: async (program, run, bounds) => {
      await readyEngine(program.snapshot.lane, program.limits);
      return work.run(program, run, bounds);
    },
    wall: "none",
    ready,
    get alive() {
      return alive;
    },
    close: () =>
      new Promise((resolve) => {
        if (!alive) return resolve();
        const force = setTimeout(() => void worker.terminate(), WALL.graceMs * 4);
        worker.once("exit", () => {
          clearTimeout(force);
          resolve();
        });
        Atomics.store(words, CONTROL.CANCEL, 1);
        send({ kind: "end" });
      }),
  };
};
