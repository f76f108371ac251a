import { url as inspectorUrl } from "node:inspector";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { EnclaveThreadData } from "../protocol/enclave-messages.ts";
import type { Enclave, EnclaveOptions, LoadedCryptlet } from "./enclave.ts";
import { connectGroups } from "./connect-groups.ts";
import { connectEnclave } from "./enclave-connection.ts";
import { type LoadCryptlet, openEnclaveSession } from "./enclave-session.ts";
import { threadFile } from "./thread-file.ts";

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
export const createEnclave = (
  options: EnclaveOptions = {},
  /** Built entry of the enclave's thread; another one only where a test needs one that breaks. */
  file: string | URL = threadFile("host/enclave-thread"),
): Enclave => {
  const { wall = "where-possible", onLog, onRestart, state, dev = false } = options;
  const time = typeof dev === "object" ? dev.time : null;
  const debug = dev !== false || isDebugged();
  const workerData: EnclaveThreadData = { debug, wall, time };
  const session = openEnclaveSession(
    () => connectEnclave(file, workerData, { state, onLog: (line) => onLog?.(line) }),
    (restart) => onRestart?.(restart),
  );
  const { ask } = session;
  let cryptlets = 0;

  /** Epochs only go up: fewer keysets than there were mean that somebody put an old folder back. */
  const holdEpoch = async (keyset: string, epoch: number): Promise<void> => {
    const { counter } = options;
    if (!counter) return;
    const last = await counter.read(keyset);
    if (epoch < last)
      throw fabricError("SEAL_REFUSED", {
        path: keyset,
        reason: `number ${last} was in use already, the folder holds ${epoch}`,
      });
    await counter.advance(keyset, epoch);
  };

  return {
    load: async (cryptlet, loadOptions, call) => {
      cryptlets += 1;
      const number = cryptlets;
      const { broker } = call ?? {};
      const isAsked = broker && Object.keys(loadOptions.brokerSecrets ?? {}).length > 0;
      // Once more whenever the enclave is started again: a challenge is answered once, and a folder may be another by then.
      const loadInto: LoadCryptlet = async (connection, rounds, loadCall) => {
        const nonce = isAsked ? (await broker.challenge(loadCall)).nonce : null;
        const request = {
          cryptlet: number,
          package: cryptlet,
          options: loadOptions,
          nonce,
          rounds,
        };
        const answer = await connection.ask("load", request, {
          ...loadCall,
          ...(isAsked ? { askBroker: (wanted) => broker.release(wanted, loadCall) } : {}),
        });
        try {
          await holdEpoch(answer.keyset, answer.epoch);
          for (const { name, number: newest } of answer.groupCounters)
            await holdEpoch(name, newest);
        } catch (error) {
          await connection.ask("unload", { cryptlet: number });
          throw error;
        }
        return answer;
      };
      const loadCall = call?.signal ? { signal: call.signal } : {};
      const {
        keyset,
        epoch: _epoch,
        groupCounters: _counters,
        ...answer
      } = await session.load(number, loadInto, loadCall);
      const { manifest } = cryptlet;
      const loaded: LoadedCryptlet = {
        id: manifest.id,
        version: manifest.version,
        manifest,
        ...answer,
        run: (trigger, { runId, signal }) =>
          ask("run", { cryptlet: number, trigger, runId }, signal ? { signal } : {}),
        sign: (sign, signCall) => session.sign(number, sign, signCall),
        signBatch: (batch, batchCall) => session.signBatch(number, batch, batchCall),
        endorse: (endorse, endorseCall) =>
          ask("endorse", { cryptlet: number, endorse }, endorseCall),
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
        groups: connectGroups(
          (group, groupCall) => ask("group", { cryptlet: number, group }, groupCall),
          async ({ name, number: newest }) => options.counter?.advance(name, newest),
        ),
        close: () => session.unload(number),
      };
      return loaded;
    },
    attestHost: (attest, attestCall) => ask("attest-host", { attest }, attestCall),
    stats: () => ask("stats", {}),
    close: session.close,
  };
};
