import { existsSync } from "node:fs";
import path from "node:path";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { startChainReplay } from "../../emulator/start-chain-replay.ts";
import { startProviderEmulator } from "../../emulator/start-provider-emulator.ts";
import { startReplayServer } from "../../emulator/start-replay-server.ts";
import { decideProviderMode } from "../../host/provider-mode.ts";
import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { answersAt, readRecording, type Recording } from "../../test-kit/recording.ts";
import type { DevEvent, DevSources } from "./dev-event.ts";

type Manifest = CryptletPackage["manifest"];

/** Where recordings of a Cryptlet lie unless told otherwise, in its folder. */
export const RECORDINGS = "recordings";

/** What the configuration of the session's host says about sources. */
export interface SourcesConfig {
  /** `providers` of the configuration; null: live. */
  readonly emulator: {
    readonly address: string;
    readonly port: number;
    readonly caPem: string;
  } | null;
  /** Endpoint of a chain that the manifest names; null where there is none. */
  readonly chainEndpoint: (chain: string) => string | null;
}

/** How the Cryptlet's questions are answered, for as long as the session lasts. */
export interface DevSourcesDesk extends SourcesConfig {
  readonly mode: DevSources;
  /** Absolute path of the recording; null where none answers. */
  readonly recording: string | null;
  /** From when on every question of the recording has an answer, and its newest answer, ms since epoch; null without times. */
  readonly span: { readonly from: number; readonly to: number } | null;
  /** Reads the recording again. Throws `RECORDING_INVALID`, `FILE_UNREADABLE`; the one before then goes on. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface ChooseSources {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly asked: "auto" | "live" | "recorded" | "emulated";
  /** File or folder that was named. */
  readonly replay: string | undefined;
  /** Endpoints of chains by name, as the developer gave them. */
  readonly endpoints: ReadonlyMap<string, string>;
  /** Market time. */
  readonly now: () => number;
  readonly emit: (event: DevEvent) => void;
  readonly signal: AbortSignal;
  /** Decides for `auto`; a test decides otherwise. */
  readonly decide?: typeof decideProviderMode;
}

const hostsOf = ({ capabilities }: Manifest): readonly string[] =>
  capabilities.http?.hosts.map(({ host }) => host) ?? [];

/** @see DevSourcesDesk.span */
export const spanOf = ({ exchanges, chains, calls }: Recording): DevSourcesDesk["span"] => {
  const firsts = new Map<string, number>();
  let to: number | null = null;
  const note = (question: string, at: number | null): void => {
    const known = firsts.get(question);
    // An answer without a time is there from the beginning.
    firsts.set(question, Math.min(known ?? Number.POSITIVE_INFINITY, at ?? 0));
    if (at !== null) to = Math.max(to ?? 0, at);
  };
  for (const { id, request, receivedAt } of exchanges)
    note(`http ${id} ${request.method} ${request.url}`, receivedAt);
  for (const { id, chain, receivedAt } of chains) note(`chain ${id} ${chain}`, receivedAt);
  for (const { id, cryptlet, feed, receivedAt } of calls)
    note(`call ${id} ${cryptlet} ${feed}`, receivedAt);
  return to === null ? null : { from: Math.max(...firsts.values()), to };
};

const openRecorded = async (options: ChooseSources, file: string): Promise<DevSourcesDesk> => {
  const { now, emit, endpoints } = options;
  let recording = await readRecording(file);
  const server = await startReplayServer({
    answer: (request) =>
      request.method === "GET" || request.method === "POST"
        ? answersAt(recording, now()).http({ ...request, method: request.method })
        : null,
    onMissing: (request) => emit({ type: "not-recorded", ...request }),
  });
  const chains = await startChainReplay({
    now,
    reads: (chain) =>
      recording.chains
        .flatMap((read) =>
          read.chain === chain && !("error" in read) && (read.receivedAt ?? 0) <= now()
            ? [{ ...read, block: read.block ?? null, queries: read.queries ?? null }]
            : [],
        )
        .toSorted((a, b) => (b.receivedAt ?? -1) - (a.receivedAt ?? -1)),
    onMissing: ({ chain, method }) => emit({ type: "not-recorded", method, url: `chain ${chain}` }),
  });
  return {
    mode: "recorded",
    recording: file,
    get span() {
      return spanOf(recording);
    },
    emulator: server,
    chainEndpoint: (chain) => endpoints.get(chain) ?? chains.url(chain),
    refresh: async () => {
      recording = await readRecording(file);
    },
    close: async () => {
      await Promise.all([server.close(), chains.close()]);
    },
  };
};

const openLive = (mode: "live" | "none", { endpoints }: ChooseSources): DevSourcesDesk => ({
  mode,
  recording: null,
  span: null,
  emulator: null,
  chainEndpoint: (chain) => endpoints.get(chain) ?? null,
  refresh: async () => {},
  close: async () => {},
});

/** The emulator of the providers that the fabric knows, when it plays every host; null otherwise. */
const openEmulated = async (
  options: ChooseSources,
  hosts: readonly string[],
): Promise<DevSourcesDesk | null> => {
  const emulator = await startProviderEmulator();
  if (hosts.length === 0 || hosts.some((host) => !emulator.hosts.includes(host))) {
    await emulator.close();
    return null;
  }
  return {
    ...openLive("live", options),
    mode: "emulated",
    emulator,
    close: () => emulator.close(),
  };
};

/**
 * Decide once how every source of a session is reached, so that live and recorded answers never meet in one value: what
 * was asked for; else live where the network reaches enough hosts, else the folder's recordings, else the emulator where
 * it knows every host. Throws `DEV_SOURCES_MISSING`, `RECORDING_INVALID`, `FILE_UNREADABLE`.
 */
export const chooseSources = async (
  options: ChooseSources,
): Promise<{ readonly desk: DevSourcesDesk; readonly reason: string }> => {
  const {
    manifest,
    folder,
    asked,
    replay,
    endpoints,
    signal,
    decide = decideProviderMode,
  } = options;
  const hosts = hostsOf(manifest);
  const missing = (reason: string) =>
    fabricError("DEV_SOURCES_MISSING", { cryptlet: manifest.id, reason });
  if (replay !== undefined)
    return { desk: await openRecorded(options, path.resolve(replay)), reason: "you named them" };
  const recordings = path.join(path.resolve(folder), RECORDINGS);
  const isRecorded = existsSync(recordings);
  if (asked === "recorded") {
    if (!isRecorded) throw missing(`there is no folder ${RECORDINGS} in ${folder}`);
    return { desk: await openRecorded(options, recordings), reason: "asked for" };
  }
  if (asked === "live") return { desk: openLive("live", options), reason: "asked for" };
  if (asked === "emulated") {
    const desk = await openEmulated(options, hosts);
    if (!desk) throw missing("the provider emulator does not play all of its hosts");
    return { desk, reason: "asked for" };
  }
  const silent = manifest.capabilities.chains.filter(({ chain }) => !endpoints.has(chain));
  if (hosts.length === 0 && silent.length === 0)
    return { desk: openLive("none", options), reason: "it asks nobody" };
  const needed = Math.max(1, ...manifest.feeds.map(({ minSources }) => minSources));
  const isLive =
    silent.length === 0 &&
    (await decide("auto", hosts, Math.min(needed, hosts.length), { signal })) === "LIVE";
  if (isLive) return { desk: openLive("live", options), reason: "the network reaches its hosts" };
  const why =
    silent.length === 0
      ? "the network does not reach its hosts"
      : `no --read-chain names ${silent.map(({ chain }) => chain).join(", ")}`;
  if (isRecorded)
    return {
      desk: await openRecorded(options, recordings),
      reason: `${why}, and there are recordings`,
    };
  const desk = silent.length === 0 ? await openEmulated(options, hosts) : null;
  if (desk) return { desk, reason: `${why}, and the provider emulator plays them` };
  throw missing(`${why}, and there is no folder ${RECORDINGS} in ${folder}`);
};
