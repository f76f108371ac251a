import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";

import { buildPackage, type BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { createMarketClock, type MarketClock } from "../../core/market-clock.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../crypto/hpke/hpke.ts";
import { findAnvil } from "../anvil.ts";
import type { Output } from "../output.ts";
import { createTemporaryFolder } from "../temporary-folder.ts";
import { createAnswerRecorder } from "./answer-recorder.ts";
import { startDevChain, type DevChain } from "./dev-chain.ts";
import { startDevControl } from "./dev-control.ts";
import type { DevEvent } from "./dev-event.ts";
import { toDevFault } from "./dev-fault.ts";
import { parametersFile, parseEndpoints, placeOthers, readJsonFile } from "./dev-inputs.ts";
import { listenForKeys, type KeySource } from "./dev-keys.ts";
import { createDevLog } from "./dev-log.ts";
import { CLOCK_BOUNDS, createDevSession } from "./dev-session.ts";
import { chooseSources, type DevSourcesDesk } from "./dev-sources.ts";
import { createDevText } from "./dev-text.ts";
import { readDevVars, VARS_FILE, type DevVars } from "./dev-vars.ts";
import { createReloader } from "./reloader.ts";
import { createWarmEnclave } from "./warm-enclave.ts";
import { watchSources } from "./watch-sources.ts";

/** What `cryptlet dev` was asked for. */
export interface DevOptions {
  readonly folder: string;
  /** Feeds of the manifest; empty: all. */
  readonly feed: readonly string[];
  /** Seconds between two runs, market time. */
  readonly every: number | undefined;
  /** ms since epoch. */
  readonly at: number | undefined;
  /** Market ms in one real ms; 1 when left out, and 0 from where a recording ends. */
  readonly speed: number | undefined;
  readonly sources: "auto" | "live" | "recorded" | "emulated";
  readonly replay: string | undefined;
  readonly record: string | undefined;
  readonly vars: string | undefined;
  readonly parameters: string | undefined;
  readonly configuration: string | undefined;
  readonly readChain: readonly string[];
  readonly with: readonly string[];
  readonly noChain: boolean;
  readonly port: number | undefined;
  readonly controlPort: number;
  /** Ends after so many rounds. */
  readonly count: number | undefined;
  readonly verbose: boolean;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Where keys come from; a test gives its own. */
  readonly keys?: KeySource;
}

/** Undoes what was done, the last first; one failure keeps nothing else from being undone. */
const createUndo = () => {
  const steps: (() => Promise<void> | void)[] = [];
  return {
    defer: (step: () => Promise<void> | void): void => void steps.push(step),
    run: async (onError: (error: unknown) => void): Promise<void> => {
      for (const step of steps.toReversed()) {
        try {
          await step();
        } catch (error) {
          onError(error);
        }
      }
    },
  };
};

/** The market clock: where it was told to start; else, where recordings answer, when all of them do; else now. */
const startClock = (
  { at, speed }: Pick<DevOptions, "at" | "speed">,
  { span }: Pick<DevSourcesDesk, "span">,
): MarketClock => {
  const start = at ?? span?.from ?? null;
  if (start !== null && (start < CLOCK_BOUNDS.from || start > CLOCK_BOUNDS.to))
    throw fabricError("CLOCK_REFUSED", {
      reason: `${new Date(start).toISOString()} is not within the years 2000 to 2099`,
    });
  // What stands elsewhere than the machine waits until everything is there.
  return createMarketClock({ at: start, speed: start === null && (speed ?? 1) === 1 ? 1 : 0 });
};

const startChain = async (
  { noChain }: DevOptions,
  clock: MarketClock,
  context: { readonly emit: (event: DevEvent) => void; readonly signal: AbortSignal },
): Promise<DevChain | null> => {
  const { emit, signal } = context;
  if (noChain) return null;
  if (findAnvil() === null) {
    const reason = "anvil is not installed (npm i -D @foundry-rs/anvil brings it)";
    emit({ type: "chain-missing", reason });
    return null;
  }
  const chain = await startDevChain({ at: clock.now(), signal });
  emit({ type: "chain-started", url: chain.url, chainId: chain.chainId });
  return chain;
};

const secretsReader = ({ folder, vars }: DevOptions) => {
  const file = vars ?? path.join(folder, VARS_FILE);
  let newest: DevVars = new Map();
  return {
    read: async (): Promise<DevVars> => {
      const found = await readDevVars(file);
      if (found === null && vars !== undefined)
        throw fabricError("FILE_UNREADABLE", { file, reason: "there is no such file" });
      newest = found ?? new Map();
      return newest;
    },
    values: () => [...newest.values()].map((secret) => secret.reveal()),
  };
};

/** Counts rounds of one session, each once. */
const createRoundCount = (count: number | undefined, enough: () => void) => {
  const seen = new Set<string>();
  return (feed: string, round: number): void => {
    seen.add(`${feed} ${round}`);
    if (count !== undefined && seen.size >= count) enough();
  };
};

/**
 * Run a Cryptlet while it is written, until the signal aborts, `q`, or `count` rounds came. Everything that it starts is
 * gone when it returns. Throws what the start of its parts throws; later faults are told and the session goes on.
 */
export const runDev = async (options: DevOptions): Promise<void> => {
  const { folder, output, count } = options;
  const toText = createDevText(output.style);
  const ending = new AbortController();
  const { signal } = ending;
  const stop = (): void => ending.abort(fabricError("INTERRUPTED", { what: "cryptlet dev" }));
  options.signal.addEventListener("abort", stop, { once: true });
  if (options.signal.aborted) stop();
  const undo = createUndo();
  undo.defer(() => options.signal.removeEventListener("abort", stop));
  /** News of runs wait until it is told how they are read. */
  let held: DevEvent[] | null = [];
  let isReady = false;
  const tell = (event: DevEvent): void => {
    const text = toText(event);
    if (output.json || text !== "") output.event(event, text);
  };
  const emit = (event: DevEvent): void => {
    if (held && HELD.has(event.type)) held.push(event);
    else tell(event);
  };
  const release = (): void => {
    const waiting = held ?? [];
    held = null;
    for (const event of waiting) tell(event);
  };

  try {
    const endpoints = parseEndpoints(options.readChain);
    const [parameters, configuration] = await Promise.all([
      readJsonFile(parametersFile(folder, options.parameters), signal),
      readJsonFile(options.configuration, signal),
    ]);
    const secrets = secretsReader(options);
    await secrets.read();
    const temporary = createTemporaryFolder("cryptlet-dev-");
    undo.defer(() => temporary.remove());
    if (!existsSync(folder)) throw fabricError("SOURCE_FOLDER_MISSING", { path: folder });
    const watch = await watchSources(path.resolve(folder));
    undo.defer(() => watch.close());

    const first = await buildFirst(options, { emit, signal, changed: () => watch.next(signal) });
    const others = await placeOthers(options.with, temporary.path, signal);
    let clock: MarketClock | null = null;
    const { desk, reason } = await chooseSources({
      manifest: first.manifest,
      folder,
      asked: options.sources,
      replay: options.replay,
      endpoints,
      now: () => clock?.now() ?? Date.now(),
      emit,
      signal,
    });
    undo.defer(() => desk.close());
    const hosts = first.manifest.capabilities.http?.hosts.map(({ host }) => host) ?? [];
    emit({ type: "sources", mode: desk.mode, hosts, recording: desk.recording, reason });
    clock = startClock(options, desk);
    if (clock.moved && desk.mode === "live")
      emit({
        type: "note",
        message: "The sources are live and tell of today, whatever the market clock says.",
      });

    const enclave = createWarmEnclave({ dev: { time: clock.shared }, wall: "where-possible" });
    undo.defer(() => enclave.close());
    const chain = await startChain(options, clock, { emit, signal });
    if (chain) undo.defer(() => chain.stop());
    const auditorKey = generateX25519();
    const session = createDevSession(
      {
        folder: temporary.path,
        feedNames: options.feed,
        others,
        chain,
        clock,
        enclave,
        sources: desk,
        readVars: secrets.read,
        parameters,
        configuration,
        every: options.every,
        speed: options.speed ?? 1,
        holdAt: options.speed === undefined ? (desk.span?.to ?? null) : null,
        auditor: bytesToHex(x25519PublicKey(auditorKey)),
        recorder:
          options.record === undefined
            ? null
            : createAnswerRecorder({
                file: path.resolve(options.record),
                about: `What the sources of ${first.manifest.id} answered under cryptlet dev, ${desk.mode}.`,
                secrets: secrets.values,
                auditorKey,
              }),
        log: createDevLog({ emit, verbose: options.verbose }),
        emit,
        onRound: createRoundCount(count, stop),
        signal,
      },
      options.port,
    );
    undo.defer(() => session.close());
    const reloader = createReloader({ folder, session, sources: desk, emit, signal });
    const controls = { ...session, reload: () => reloader.reload([]), stop };
    const control = await startDevControl(controls, options.controlPort);
    undo.defer(() => control.close());
    await session.replace(first, performance.now());
    if (clock.moved) clock.setSpeed(options.speed ?? 1);
    const { url, feeds, time } = session.state();
    emit({
      type: "ready",
      url: url ?? "",
      control: control.url,
      rpc: chain?.url ?? null,
      chainId: chain?.chainId ?? null,
      feeds,
      folder: temporary.path,
      simulated: true,
      time,
    });
    isReady = true;
    release();
    const keys = output.json ? null : (options.keys ?? process.stdin);
    if (keys)
      undo.defer(
        listenForKeys(keys, controls, (error) =>
          emit({ type: "note", message: toDevFault(error).message }),
        ),
      );
    for (;;) await reloader.reload(await watch.next(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
    stop();
    await undo.run((error) => emit({ type: "note", message: toDevFault(error).message }));
    // Where nothing was ever there an error follows, which says enough.
    if (isReady) emit({ type: "stopped" });
  }
};

/** What is told only after it was told how to read it. */
const HELD: ReadonlySet<DevEvent["type"]> = new Set<DevEvent["type"]>([
  "run-started",
  "run-finished",
  "run-failed",
  "envelope",
  "delivered",
  "delivery-failed",
  "chain-read",
  "log",
  "recorded",
  "record-failed",
  "not-recorded",
]);

/** The first package. A source that does not build is mended while the command waits; a machine is told at once. */
const buildFirst = async (
  { folder, count }: DevOptions,
  context: {
    readonly emit: (event: DevEvent) => void;
    readonly changed: () => Promise<readonly string[]>;
    readonly signal: AbortSignal;
  },
): Promise<BuiltPackage> => {
  const { emit, changed, signal } = context;
  for (;;) {
    const began = performance.now();
    try {
      const built = await buildPackage(folder, { signal });
      const { id, version } = built.manifest;
      emit({
        type: "built",
        cryptlet: id,
        version,
        bytes: built.bundle.length,
        durationMs: Math.round(performance.now() - began),
      });
      return built;
    } catch (error) {
      const waits = isFabricError(error) && error.kind === "user" && count === undefined;
      if (!waits || error.code === "SOURCE_FOLDER_MISSING") throw error;
      emit({ type: "build-failed", error: toDevFault(error), running: false });
      emit({ type: "changed", files: await changed() });
    }
  }
};
