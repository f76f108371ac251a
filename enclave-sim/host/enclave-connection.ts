import { Worker } from "node:worker_threads";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { fromWire, toWire } from "../../src/core/errors/wire.ts";
import type { ReleaseRequest } from "../../src/key-broker/protocol.ts";
import type {
  CallKind,
  EnclaveCalls,
  EnclaveThreadData,
  FromEnclave,
  ToEnclave,
} from "../protocol/enclave-messages.ts";
import type { EnclaveOptions } from "./enclave.ts";
import { answerHostAsk, type HostAsk } from "./host-asks.ts";
import type { AskBroker } from "./secret-broker.ts";
import { threadEnvironment } from "./thread-file.ts";

/** ms that the enclave has to close by itself. */
const CLOSE_MS = 5_000;

/** One thread of an enclave, from its start to its end. */
export interface EnclaveConnection {
  /** Throws what the enclave refuses with, `ENCLAVE_CRASHED` and `ENCLAVE_CLOSED` when it ended, `INTERRUPTED`. */
  ask<Kind extends CallKind>(
    kind: Kind,
    request: EnclaveCalls[Kind]["request"],
    call?: { readonly signal?: AbortSignal; readonly askBroker?: AskBroker },
  ): Promise<EnclaveCalls[Kind]["answer"]>;
  /** Why it ended; resolves when it did. */
  readonly ended: Promise<Error>;
  close(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export const connectEnclave = (
  file: string | URL,
  workerData: EnclaveThreadData,
  {
    state,
    onLog,
  }: { readonly state: EnclaveOptions["state"] } & Required<Pick<EnclaveOptions, "onLog">>,
): EnclaveConnection => {
  const worker = new Worker(file, {
    workerData,
    env: threadEnvironment(),
    execArgv: [],
    argv: [],
  });
  const pending = new Map<number, Pending>();
  let calls = 0;
  let gone: Error | undefined;
  let closing: Promise<void> | undefined;

  const end = (error: Error): Error => {
    gone ??= error;
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
    return gone;
  };
  const brokers = new Map<number, AskBroker>();
  const fetchSecrets = async (id: number, request: ReleaseRequest): Promise<ToEnclave> => {
    try {
      const askBroker = brokers.get(id);
      if (!askBroker)
        throw fabricError("ENCLAVE_MESSAGE_INVALID", { reason: "no broker was given" });
      return { kind: "secrets", id, answer: await askBroker(request) };
    } catch (error) {
      return { kind: "no-secrets", id, error: toWire(error) };
    }
  };
  const passSecrets = async (id: number, request: ReleaseRequest): Promise<void> =>
    worker.postMessage(await fetchSecrets(id, request));
  const replyTo = async (id: number, asked: HostAsk): Promise<void> => {
    const reply = await answerHostAsk(asked, { state });
    worker.postMessage({ kind: "host-reply", id, reply } satisfies ToEnclave);
  };
  worker.on("message", (message: FromEnclave) => {
    if (message.kind === "log") return onLog(message.line);
    if (message.kind === "host-ask") return void replyTo(message.id, message.ask);
    if (message.kind === "secrets-wanted") return void passSecrets(message.id, message.request);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(fromWire(message.error));
  });
  worker.on("error", (error) => {
    gone ??= fabricError("ENCLAVE_CRASHED", {
      reason: error instanceof Error ? error.message : "?",
    });
  });
  // Not before: what the thread had posted has arrived by then, so nothing that it signed is missed.
  const ended = new Promise<Error>((resolve) => {
    worker.once("exit", (code) => {
      const crash = fabricError("ENCLAVE_CRASHED", { reason: `it ended with code ${code}` });
      resolve(end(closing ? fabricError("ENCLAVE_CLOSED", {}) : crash));
    });
  });

  const ask: EnclaveConnection["ask"] = async (kind, request, { signal, askBroker } = {}) => {
    if (gone) throw gone;
    if (closing && kind !== "close") throw fabricError("ENCLAVE_CLOSED", {});
    if (signal?.aborted) throw fabricError("INTERRUPTED", { what: `The call ${kind}` });
    calls += 1;
    const id = calls;
    if (askBroker) brokers.set(id, askBroker);
    const cancel = () => worker.postMessage({ kind: "cancel", id } satisfies ToEnclave);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve: resolve as Pending["resolve"], reject });
        try {
          worker.postMessage({ kind, id, ...request });
        } catch (error) {
          pending.delete(id);
          const reason = error instanceof Error ? error.message : String(error);
          reject(fabricError("ENCLAVE_MESSAGE_INVALID", { reason }));
        }
      });
    } finally {
      brokers.delete(id);
      signal?.removeEventListener("abort", cancel);
    }
  };
  const shut = async (): Promise<void> => {
    if (gone) return;
    const force = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await ask("close", {}).catch(() => worker.terminate());
    await ended;
    clearTimeout(force);
  };
  return {
    ask,
    ended,
    close: () => {
      // The call must not be refused by its own beginning.
      closing ??= Promise.resolve().then(shut);
      return closing;
    },
  };
};
