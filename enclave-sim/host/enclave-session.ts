import { systemClock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { FeedId } from "../../src/core/ids.ts";
import type { CallKind, EnclaveCalls, LoadAnswer } from "../protocol/enclave-messages.ts";
import { createBackOff } from "./back-off.ts";
import { type BatchRequest, noteBatchRequest } from "./batch-request.ts";
import type { EnclaveRestart, SignRequest } from "./enclave.ts";
import type { EnclaveConnection } from "./enclave-connection.ts";
import type { RoundEntry } from "./round-book.ts";

/** Loads one Cryptlet into a thread that may not know it yet; `rounds` were signed by threads before. */
export type LoadCryptlet = (
  connection: EnclaveConnection,
  rounds: readonly RoundEntry[],
  call: { readonly signal?: AbortSignal },
) => Promise<LoadAnswer>;

/** A Cryptlet that is loaded, as it is loaded again. */
interface Loaded {
  readonly into: LoadCryptlet;
  /** Newest round of each feed that an enclave of this session signed. */
  readonly rounds: Map<FeedId, RoundEntry>;
}

/**
 * An enclave that outlives its thread: when that ends by itself, another is started and everything loaded again, and it
 * learns which rounds were signed before it was there. Calls that were under way have failed with `ENCLAVE_CRASHED`;
 * later ones wait until it is back.
 */
export interface EnclaveSession {
  /** @see EnclaveConnection.ask; with a number of a Cryptlet, for that one. */
  ask<Kind extends CallKind>(
    kind: Kind,
    request: EnclaveCalls[Kind]["request"],
    call?: { readonly signal?: AbortSignal },
  ): Promise<EnclaveCalls[Kind]["answer"]>;
  load(
    number: number,
    into: LoadCryptlet,
    call: { readonly signal?: AbortSignal },
  ): Promise<LoadAnswer>;
  sign(
    number: number,
    request: SignRequest,
    call?: { readonly signal?: AbortSignal },
  ): Promise<EnclaveCalls["sign"]["answer"]>;
  signBatch(
    number: number,
    request: BatchRequest,
    call?: { readonly signal?: AbortSignal },
  ): Promise<EnclaveCalls["sign-batch"]["answer"]>;
  unload(number: number): Promise<void>;
  close(): Promise<void>;
}

const interruptible = <Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(fabricError("INTERRUPTED", { what: "The wait for the enclave" }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });

/** ms before the second restart in a row, and at most. */
const BACK_OFF = { firstMs: 100, maxMs: 10_000 };
/** Pause before a Cryptlet that could not be loaded after a restart is tried again, ms. */
const RELOAD_MS = 5_000;

export const openEnclaveSession = (
  connect: () => EnclaveConnection,
  onRestart: (restart: EnclaveRestart) => void,
): EnclaveSession => {
  const loaded = new Map<number, Loaded>();
  const backOff = createBackOff(systemClock, BACK_OFF);
  const closing = new AbortController();
  let restarts = 0;
  let shut: Promise<void> | undefined;

  /** Tries again while this enclave lives: a database or a broker that is away now comes back. */
  const retryLoading = async (connection: EnclaveConnection, number: number): Promise<void> => {
    const ended = new AbortController();
    void connection.ended.finally(() => ended.abort());
    for (;;) {
      await systemClock.sleep(RELOAD_MS, { signal: closing.signal });
      const entry = loaded.get(number);
      if (ended.signal.aborted || !entry) return;
      const [again] = await Promise.allSettled([
        entry.into(connection, [...entry.rounds.values()], {}),
      ]);
      if (again?.status === "fulfilled") return;
    }
  };
  /** Never rejects: what cannot be loaded yet is refused by the enclave when it is asked for, and tried again. */
  const restart = async (): Promise<EnclaveConnection> => {
    backOff.failed();
    await backOff.ready(closing.signal).catch(() => undefined);
    const next = start();
    const entries = [...loaded];
    const results = await Promise.allSettled(
      entries.map(([, { into, rounds }]) => into(next, [...rounds.values()], {})),
    );
    for (const [index, [number]] of entries.entries())
      if (results[index]?.status === "rejected")
        void retryLoading(next, number).catch(() => undefined);
    return next;
  };
  const watch = async (connection: EnclaveConnection): Promise<void> => {
    const { message } = await connection.ended;
    if (shut) return;
    restarts += 1;
    onRestart({ reason: message, restarts });
    current = restart();
  };
  const start = (): EnclaveConnection => {
    const connection = connect();
    void watch(connection);
    return connection;
  };
  let current = Promise.resolve(start());

  /** The connection of the moment; one that ended meanwhile refuses by itself. */
  const connected = async (signal: AbortSignal | undefined): Promise<EnclaveConnection> => {
    if (shut) throw fabricError("ENCLAVE_CLOSED", {});
    return signal ? interruptible(current, signal) : current;
  };
  const ask: EnclaveSession["ask"] = async (kind, request, call) => {
    const connection = await connected(call?.signal);
    if (shut) throw fabricError("ENCLAVE_CLOSED", {});
    const answer = await connection.ask(kind, request, call);
    if (kind === "run") backOff.succeeded();
    return answer;
  };

  return {
    ask,
    load: async (number, into, call) => {
      const answer = await into(await connected(call.signal), [], call);
      loaded.set(number, { into, rounds: new Map() });
      return answer;
    },
    sign: async (number, request, call) => {
      const signed = await ask("sign", { cryptlet: number, sign: request }, call);
      loaded.get(number)?.rounds.set(request.feed, { request, signed });
      return signed;
    },
    signBatch: async (number, batch, call) => {
      const signed = await ask("sign-batch", { cryptlet: number, batch }, call);
      const items = signed.observation.run.transcriptDigest;
      const request = noteBatchRequest(batch, items);
      loaded.get(number)?.rounds.set(request.feed, { request, signed });
      return signed;
    },
    unload: async (number) => {
      loaded.delete(number);
      if (!shut) await ask("unload", { cryptlet: number });
    },
    close: () => {
      shut ??= (async () => {
        closing.abort();
        await (await current).close();
      })();
      return shut;
    },
  };
};
