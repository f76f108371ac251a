import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { toRefusal } from "../../src/sdk/guest-error.ts";
import {
  CONTROL,
  type FromGuest,
  type GuestThreadData,
  type ToGuest,
} from "../protocol/guest-messages.ts";
import { WALL } from "../protocol/limits.ts";
import type { EngineInstance, EngineRun, EngineSnapshot } from "../runners/js/js-engine.ts";
import { createQuickjsEngine } from "../runners/js/quickjs-engine.ts";

// Entry of a guest's thread. It holds one engine, no keys, no network and no secret.

if (!parentPort) throw new Error("guest-thread runs as a worker only");
const port = parentPort;
const { module, limits, control, answers } = workerData as GuestThreadData;
const words = new Int32Array(control);
const send = (message: FromGuest) => port.postMessage(message);

/** Blocks this thread until the enclave has answered: calls are totally ordered, and replay is a list. */
const call = (text: string): string => {
  if (text.length > WALL.callCharacters) throw refuse("the host call is too large");
  const seen = Atomics.load(words, CONTROL.ANSWERS);
  send({ kind: "call", text });
  Atomics.wait(words, CONTROL.ANSWERS, seen);
  const received: { message: unknown } | undefined = receiveMessageOnPort(answers);
  if (typeof received?.message !== "string") throw refuse("the run is being stopped");
  return received.message;
};

/** An error for the guest; a stack would carry this machine's paths. */
const refuse = (reason: string): Error => {
  const error = new Error(reason);
  error.stack = "";
  return error;
};

const engine = createQuickjsEngine(module, limits, {
  call,
  cancelled: () => Atomics.load(words, CONTROL.CANCEL) === 1,
});

let snapshot: EngineSnapshot | undefined;
/** Restored while the guest is idle, so that a run does not wait for it. */
let next: Promise<EngineInstance> | undefined;
const prepare = () => {
  if (!snapshot) return;
  next = engine.restore(snapshot);
  // Whoever awaits it gets the fault; nobody may wait for it yet.
  next.catch(() => undefined);
};

const run = async (request: EngineRun): Promise<void> => {
  try {
    if (!next) prepare();
    if (!next) throw new Error("no snapshot");
    const instance = await next;
    next = undefined;
    const result = instance.run(request);
    send("error" in result ? { kind: "failed", ...result } : { kind: "done", ...result });
  } catch (error) {
    next = undefined;
    send({ kind: "failed", error: toRefusal(error), fuel: 0 });
  }
  prepare();
};

const handle = async (message: ToGuest): Promise<void> => {
  switch (message.kind) {
    case "build":
      try {
        send({ kind: "built", snapshot: await engine.build(message.bundle, message.cryptlet) });
      } catch (error) {
        send({ kind: "build-failed", error: toRefusal(error) });
      }
      return;
    case "use":
      snapshot = message.snapshot;
      prepare();
      return;
    case "run":
      await run(message.run);
      return;
    case "end":
      port.close();
      answers.close();
  }
};

port.on("message", (message: ToGuest) => void handle(message));
