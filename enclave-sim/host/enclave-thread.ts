import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../src/core/clock.ts";
import { atMarketTime, readMarketTime } from "../../src/core/market-clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../src/core/errors/wire.ts";
import type {
  CallKind,
  EnclaveCalls,
  EnclaveThreadData,
  FromEnclave,
  ToEnclave,
} from "../protocol/enclave-messages.ts";
import type { Cell } from "./cell.ts";
import { createCellCaller } from "./cell-caller.ts";
import type { CryptletIdentity } from "./cryptlet-identity.ts";
import type { GroupDesk } from "./group-desk.ts";
import { attestHost } from "./host-platform.ts";
import { createHostAsker } from "./host-asks.ts";
import { loadCell } from "./load-cell.ts";
import { createRunServices } from "./run-services.ts";
import type { AskBroker } from "./secret-broker.ts";

// Entry of the enclave's thread. Secret keys are made, sealed, opened and used here, and are posted nowhere.

if (!parentPort) throw new Error("enclave-thread runs as a worker only");
const port = parentPort;
const { debug, wall, time } = workerData as EnclaveThreadData;
const send = (message: FromEnclave) => port.postMessage(message);

// An enclave that is not in debug has the machine's clock, whatever it was started with.
const clock = debug && time ? atMarketTime({ now: readMarketTime(time) }) : systemClock;
const services = createRunServices(wall, clock);
const cells = new Map<number, Cell>();
const identities = new Map<number, CryptletIdentity>();
const groupDesks = new Map<number, GroupDesk>();
const underWay = new Map<number, AbortController>();
type Answered = Extract<ToEnclave, { kind: "secrets" | "no-secrets" }>;
type Call = Exclude<ToEnclave, { kind: "cancel" | "host-reply" } | Answered>;
/** Loads that wait for the key broker. */
const waiting = new Map<number, (answer: Answered) => void>();

const asker = createHostAsker((id, ask) => send({ kind: "host-ask", id, ask }));
const cryptlets = createCellCaller(() => [...cells.values()]);

/** Ask the host for what only this thread can open. */
const askBroker =
  (id: number, signal: AbortSignal): AskBroker =>
  (request) =>
    new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      waiting.set(id, (message) => {
        signal.removeEventListener("abort", abort);
        if (message.kind === "secrets") resolve(message.answer);
        else reject(fromWire(message.error));
      });
      send({ kind: "secrets-wanted", id, request });
    });

const cellOf = (cryptlet: number): Cell => {
  const cell = cells.get(cryptlet);
  if (!cell) throw fabricError("CRYPTLET_CLOSED", { cryptlet: `number ${cryptlet}` });
  return cell;
};

const identityOf = (cryptlet: number): CryptletIdentity => {
  const identity = identities.get(cryptlet);
  if (!identity) throw fabricError("CRYPTLET_CLOSED", { cryptlet: `number ${cryptlet}` });
  return identity;
};

const groupsOf = (cryptlet: number): GroupDesk => {
  const groups = groupDesks.get(cryptlet);
  if (!groups) throw fabricError("CRYPTLET_CLOSED", { cryptlet: `number ${cryptlet}` });
  return groups;
};

const closeAll = async (): Promise<void> => {
  for (const [id, controller] of underWay) if (id !== closing) controller.abort();
  await Promise.all([...cells.values()].map((cell) => cell.close()));
  cells.clear();
  await services.close();
};
let closing: number | undefined;

const perform = async (
  call: Call,
  signal: AbortSignal,
): Promise<EnclaveCalls[CallKind]["answer"]> => {
  switch (call.kind) {
    case "load": {
      const onLog = (line: Extract<FromEnclave, { kind: "log" }>["line"]) =>
        send({ kind: "log", line });
      const { nonce, rounds } = call;
      const broker = nonce === null ? null : { nonce, ask: askBroker(call.id, signal) };
      const shared = { cryptlets, state: asker.state, services };
      const context = { debug, signal, onLog, broker, rounds, ...shared };
      const { cell, identity, groups, answer } = await loadCell(
        call.package,
        call.options,
        context,
      );
      if (closing !== undefined) {
        await cell.close();
        throw fabricError("ENCLAVE_CLOSED", {});
      }
      cells.set(call.cryptlet, cell);
      identities.set(call.cryptlet, identity);
      groupDesks.set(call.cryptlet, groups);
      return answer;
    }
    case "run":
      return cellOf(call.cryptlet).run(call.trigger, call.runId, signal);
    case "sign":
      return cellOf(call.cryptlet).sign(call.sign);
    case "endorse":
      return cellOf(call.cryptlet).endorse(call.endorse);
    case "sign-batch":
      return cellOf(call.cryptlet).signBatch(call.batch);
    case "group":
      return groupsOf(call.cryptlet).perform(call.group, signal);
    case "replay":
      return cellOf(call.cryptlet).replay(call.transcript, signal);
    case "failed-transcript":
      return cellOf(call.cryptlet).failedTranscript(call.runId);
    case "renew":
      return identityOf(call.cryptlet).renew(call.renew, signal);
    case "rotate":
      return identityOf(call.cryptlet).rotate(call.overlapMs, signal);
    case "attest-host":
      return attestHost(call.attest, { debug, clock, signal });
    case "unload": {
      const cell = cells.get(call.cryptlet);
      cells.delete(call.cryptlet);
      identities.delete(call.cryptlet);
      groupDesks.delete(call.cryptlet);
      await cell?.close();
      return null;
    }
    case "stats": {
      const { guests, houses } = services.pool.stats();
      return {
        rssBytes: process.memoryUsage.rss(),
        guests,
        walls: houses,
        cryptlets: [...cells.values()].map((cell) => cell.stats()),
      };
    }
    case "close":
      closing = call.id;
      await closeAll();
      return null;
  }
};

const answer = async (call: Call): Promise<void> => {
  const controller = new AbortController();
  underWay.set(call.id, controller);
  try {
    send({ kind: "answer", id: call.id, value: await perform(call, controller.signal) });
  } catch (error) {
    send({ kind: "refusal", id: call.id, error: toWire(error) });
  }
  underWay.delete(call.id);
  waiting.delete(call.id);
  if (call.kind === "close") port.close();
};

port.on("message", (message: ToEnclave) => {
  if (message.kind === "host-reply") asker.settle(message.id, message.reply);
  else if (message.kind === "cancel") underWay.get(message.id)?.abort();
  else if (message.kind === "secrets" || message.kind === "no-secrets")
    waiting.get(message.id)?.(message);
  else void answer(message);
});
