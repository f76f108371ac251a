import { url as inspectorUrl } from "node:inspector";
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
import type { Enclave, EnclaveOptions, LoadedCryptlet } from "./enclave.ts";
import type { AskBroker } from "./secret-broker.ts";
import { answerHostAsk, type HostAsk } from "./host-asks.ts";
import { threadEnvironment, threadFile } from "./thread-file.ts";

/** ms that the enclave has to close by itself. */
const CLOSE_MS = 5_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** True when a debugger watches this process or may at any time; NODE_OPTIONS can load code as well as open one. */
const isDebugged = (): boolean =>
  inspectorUrl() !== undefined ||
  (process.env["NODE_OPTIONS"] ?? "").trim() !== "" ||
  process.execArgv.some((text) => /--inspect/.test(text));

/**
 * Start an enclave: a thread of this process, SIMULATED, without any protection by hardware.
 * @example
 * ```ts
 * const enclave = createEnclave();
 * const gold = await enclave.load(await readPackage(directory), options);
 * const report = await gold.run(trigger, { runId: createRunId() });
 * const signed = await gold.sign({ runId: report.runId, feed, round: 1, epoch: 0, previous: null });
 * await enclave.close();
 * ```
 */
export const createEnclave = (options: EnclaveOptions = {}): Enclave => {
  const workerData: EnclaveThreadData = { debug: options.dev === true || isDebugged() };
  const worker = new Worker(threadFile("host/enclave-thread"), {
    workerData,
    env: threadEnvironment(),
    execArgv: [],
    argv: [],
  });
  const pending = new Map<number, Pending>();
  const numbers = { call: 0, cryptlet: 0 };
  let gone: Error | undefined;
  let closing: Promise<void> | undefined;

  const end = (error: Error) => {
    gone ??= error;
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
  };
  const brokers = new Map<number, AskBroker>();
  const fetchSecrets = async (id: number, request: ReleaseRequest): Promise<ToEnclave> => {
    try {
      const ask = brokers.get(id);
      if (!ask) throw fabricError("ENCLAVE_MESSAGE_INVALID", { reason: "no broker was given" });
      return { kind: "secrets", id, answer: await ask(request) };
    } catch (error) {
      return { kind: "no-secrets", id, error: toWire(error) };
    }
  };
  const passSecrets = async (id: number, request: ReleaseRequest): Promise<void> =>
    worker.postMessage(await fetchSecrets(id, request));
  const replyTo = async (id: number, asked: HostAsk): Promise<void> => {
    const reply = await answerHostAsk(asked, { state: options.state });
    worker.postMessage({ kind: "host-reply", id, reply } satisfies ToEnclave);
  };
  worker.on("message", (message: FromEnclave) => {
    if (message.kind === "log") return options.onLog?.(message.line);
    if (message.kind === "host-ask") return void replyTo(message.id, message.ask);
    if (message.kind === "secrets-wanted") return void passSecrets(message.id, message.request);
    const waiting = pending.get(message.id);
    pending.delete(message.id);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(fromWire(message.error));
  });
  worker.on("error", (error) =>
    end(fabricError("ENCLAVE_CRASHED", { reason: error instanceof Error ? error.message : "?" })),
  );
  worker.on("exit", (code) =>
    end(
      closing
        ? fabricError("ENCLAVE_CLOSED", {})
        : fabricError("ENCLAVE_CRASHED", { reason: `it ended with code ${code}` }),
    ),
  );

  const ask = async <Kind extends CallKind>(
    kind: Kind,
    request: EnclaveCalls[Kind]["request"],
    call: { readonly signal?: AbortSignal; readonly askBroker?: AskBroker } = {},
  ): Promise<EnclaveCalls[Kind]["answer"]> => {
    if (gone) throw gone;
    if (closing && kind !== "close") throw fabricError("ENCLAVE_CLOSED", {});
    const { signal, askBroker } = call;
    if (signal?.aborted) throw fabricError("INTERRUPTED", { what: `The call ${kind}` });
    numbers.call += 1;
    const id = numbers.call;
    if (askBroker) brokers.set(id, askBroker);
    const cancel = () => worker.postMessage({ kind: "cancel", id } satisfies ToEnclave);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<EnclaveCalls[Kind]["answer"]>((resolve, reject) => {
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
    const exited = new Promise<void>((resolve) => {
      worker.once("exit", () => resolve());
    });
    const force = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await ask("close", {}).catch(() => worker.terminate());
    await exited;
    clearTimeout(force);
  };

  /** Epochs only go up: fewer keysets than there were mean that somebody put an old folder back. */
  const holdEpoch = async (keyset: string, epoch: number): Promise<void> => {
    const { counter } = options;
    if (!counter) return;
    const last = await counter.read(keyset);
    if (epoch < last)
      throw fabricError("SEAL_REFUSED", {
        path: keyset,
        reason: `keyset ${last} was in use already, the folder holds ${epoch}`,
      });
    await counter.advance(keyset, epoch);
  };

  return {
    load: async (cryptlet, loadOptions, call) => {
      numbers.cryptlet += 1;
      const number = numbers.cryptlet;
      const { broker, signal: loadSignal } = call ?? {};
      const brokerCall = loadSignal ? { signal: loadSignal } : {};
      const isAsked = broker && Object.keys(loadOptions.brokerSecrets ?? {}).length > 0;
      const nonce = isAsked ? (await broker.challenge(brokerCall)).nonce : null;
      const request = { cryptlet: number, package: cryptlet, options: loadOptions, nonce };
      const { keyset, epoch, ...answer } = await ask("load", request, {
        ...brokerCall,
        ...(isAsked ? { askBroker: (wanted) => broker.release(wanted, brokerCall) } : {}),
      });
      try {
        await holdEpoch(keyset, epoch);
      } catch (error) {
        await ask("unload", { cryptlet: number });
        throw error;
      }
      const { manifest } = cryptlet;
      const loaded: LoadedCryptlet = {
        id: manifest.id,
        version: manifest.version,
        manifest,
        ...answer,
        run: (trigger, { runId, signal }) =>
          ask("run", { cryptlet: number, trigger, runId }, signal ? { signal } : {}),
        sign: (sign, signCall) => ask("sign", { cryptlet: number, sign }, signCall),
        failedTranscript: (runId) => ask("failed-transcript", { cryptlet: number, runId }),
        replay: (transcript, replayCall) =>
          ask("replay", { cryptlet: number, transcript }, replayCall),
        renewEvidence: (renew = {}, renewCall) =>
          ask("renew", { cryptlet: number, renew }, renewCall),
        rotateKeys: async ({ overlapMs }, rotateCall) => {
          const next = await ask("rotate", { cryptlet: number, overlapMs }, rotateCall);
          await holdEpoch(keyset, next.epoch);
          return next;
        },
        close: async () => {
          if (!gone && !closing) await ask("unload", { cryptlet: number });
        },
      };
      return loaded;
    },
    attestHost: (attest, attestCall) => ask("attest-host", { attest }, attestCall),
    stats: () => ask("stats", {}),
    close: () => {
      closing ??= shut();
      return closing;
    },
  };
};
