import { setPriority } from "node:os";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { toRefusal } from "../../src/sdk/guest-error.ts";
import {
  CONTROL,
  type FromGuest,
  GUEST_READY,
  type GuestProgram,
  type GuestThreadData,
  type ToGuest,
} from "../protocol/guest-messages.ts";
import { GUEST_PRIORITY, WALL } from "../protocol/limits.ts";
import type { EngineLimits } from "../runners/js/js-engine.ts";
import type { LaneEngine, LaneInstance } from "../runners/lane-engine.ts";
import { laneEngines } from "../runners/lane-engines.ts";
import { collectGarbage } from "./collect-garbage.ts";

// Entry of a guest's thread. It holds engines, no keys, no network and no secret, and runs any Cryptlet of one
// publisher: nothing of a run is left when its instance is gone.

if (!parentPort) throw new Error("guest-thread runs as a worker only");
const port = parentPort;
const { control, answers } = workerData as GuestThreadData;
const words = new Int32Array(control);
const send = (message: FromGuest) => port.postMessage(message);

// On Linux this is the thread's own priority, not the process's: however guests compute, host and enclave come first.
if (process.platform === "linux") setPriority(GUEST_PRIORITY);

/** Engines that a thread keeps; one per lane and limits. */
const MAX_ENGINES = 4;

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

const host = { call, cancelled: () => Atomics.load(words, CONTROL.CANCEL) === 1 };
const engines = new Map<string, Promise<LaneEngine>>();

/** Engines' machine code by its bound of memory; each comes once, with the first message that needs it. */
const modules = new Map<number, WebAssembly.Module>();

const engineFor = (
  lane: string,
  limits: EngineLimits,
  sent?: WebAssembly.Module,
): Promise<LaneEngine> => {
  const { memoryBytes, maxFuel, outcomeCharacters } = limits;
  if (sent) modules.set(memoryBytes, sent);
  const key = [lane, memoryBytes, maxFuel, outcomeCharacters].join(" ");
  const known = engines.get(key);
  if (known) return known;
  const row = Object.entries(laneEngines).find(([name]) => name === lane)?.[1];
  if (!row) throw new Error(`there is no engine for lane ${lane}`);
  const module = lane === "js" ? modules.get(memoryBytes) : undefined;
  const created = row.create({
    limits: { memoryBytes, maxFuel, outcomeCharacters },
    host,
    ...(module ? { module } : {}),
  });
  const [oldest] = engines.keys();
  if (engines.size >= MAX_ENGINES && oldest !== undefined) engines.delete(oldest);
  engines.set(key, created);
  created.catch(() => engines.delete(key));
  return created;
};

const restore = async (
  { snapshot, limits }: GuestProgram,
  module?: WebAssembly.Module,
): Promise<LaneInstance> => (await engineFor(snapshot.lane, limits, module)).restore(snapshot);

/** Restored while the guest is idle, so that a run of the same program does not wait for it. */
let prepared: { readonly id: string; readonly instance: Promise<LaneInstance> } | undefined;
const keyOf = ({ id, limits }: GuestProgram): string => JSON.stringify([id, limits]);
const prepare = (program: GuestProgram, module?: WebAssembly.Module): void => {
  const instance = restore(program, module);
  prepared = { id: keyOf(program), instance };
  // Whoever awaits it gets the fault; nobody may wait for it yet.
  instance.catch(() => undefined);
};

/** A collection costs less than a hundredth of so many runs. */
const RUNS_PER_COLLECTION = 16;
let runs = 0;

const run = async (message: Extract<ToGuest, { kind: "run" }>): Promise<void> => {
  const { program, run: request, again, module } = message;
  try {
    if (prepared?.id !== keyOf(program)) prepare(program, module);
    const instance = await prepared?.instance;
    prepared = undefined;
    if (!instance) throw new Error("no instance");
    const result = await instance.run(request);
    send("error" in result ? { kind: "failed", ...result } : { kind: "done", ...result });
  } catch (error) {
    prepared = undefined;
    send({ kind: "failed", error: toRefusal(error), fuel: 0 });
  }
  runs += 1;
  if (runs % RUNS_PER_COLLECTION === 0) collectGarbage();
  if (again) prepare(program);
};

const handle = async (message: ToGuest): Promise<void> => {
  switch (message.kind) {
    case "build":
      try {
        const { lane, code, cryptlet, limits } = message.code;
        const engine = await engineFor(lane, limits, message.module);
        send({ kind: "built", snapshot: await engine.build(code, cryptlet) });
      } catch (error) {
        send({ kind: "build-failed", error: toRefusal(error) });
      }
      collectGarbage();
      return;
    case "run":
      await run(message);
      return;
    case "end":
      port.close();
      answers.close();
  }
};

port.on("message", (message: ToGuest) => void handle(message));
port.postMessage(GUEST_READY);
