import path from "node:path";

import { writePackage, type BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import type { Enclave, LoadedCryptlet } from "../../../enclave-sim/host/enclave.ts";
import { createApi, type Api } from "../../api/create-api.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import type { Address } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { atMarketTime, type MarketClock } from "../../core/market-clock.ts";
import type { Fabric } from "../../host/fabric.ts";
import { startFabric } from "../../host/start-fabric.ts";
import { appraiseLoaded } from "../contract/appraise-signer.ts";
import type { AnswerRecorder } from "./answer-recorder.ts";
import { LIFETIME_S, type DevChain } from "./dev-chain.ts";
import { chosenFeeds, devFeedHash, makeDevConfig, type PlacedPackage } from "./dev-config.ts";
import type { DevEvent, DevFeed } from "./dev-event.ts";
import { mapperOf, toDevFault } from "./dev-fault.ts";
import type { DevSourcesDesk } from "./dev-sources.ts";
import type { DevVars } from "./dev-vars.ts";
import { tellFabricNews } from "./fabric-news.ts";
import type { WarmEnclave } from "./warm-enclave.ts";

/** What stays while packages come and go. */
export interface ServiceParts {
  /** Temporary folder. */
  readonly folder: string;
  /** Feeds of the manifest that are served; all where none is named. */
  readonly feedNames: readonly string[];
  /** Cryptlets that may be called. */
  readonly others: readonly PlacedPackage[];
  readonly chain: DevChain | null;
  readonly clock: MarketClock;
  readonly enclave: WarmEnclave;
  readonly sources: DevSourcesDesk;
  readonly readVars: () => Promise<DevVars>;
  readonly parameters: unknown;
  readonly configuration: unknown;
  /** Seconds of market time between two runs. */
  readonly every: number | undefined;
  /** At the start: schedules are laid out for it. */
  readonly speed: number;
  /** Market time at which the clock stops, because the recording tells nothing later; null: it goes on. */
  readonly holdAt: number | null;
  /** Raw X25519 public key in hex. */
  readonly auditor: string;
  readonly recorder: AnswerRecorder | null;
  readonly log: Log;
  readonly emit: (event: DevEvent) => void;
  readonly onRound: (feed: string, round: number) => void;
  readonly signal: AbortSignal;
}

/** A package in service. */
export interface Service {
  readonly built: BuiltPackage;
  readonly fabric: Fabric;
  readonly url: string;
  readonly feeds: readonly DevFeed[];
  readonly measurement: string;
  /** Admits its key on the chain anew where the market clock comes near the end of its time. */
  keepAdmitted(): Promise<void>;
  stop(): Promise<void>;
}

/** Contracts of the session by feed and decimals: what a contract answers in never changes. */
export type DevContracts = Map<string, { readonly address: Address; readonly decimals: number }>;

/** A run of slow sources is not waited for longer than this when its code is replaced, ms. */
const GRACE_MS = 100;
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** The contracts of the decimal feeds, made where they are new. */
const bindFeeds = async (
  { chain, parameters, emit, feedNames }: ServiceParts,
  { manifest }: BuiltPackage,
  contracts: DevContracts,
): Promise<ReadonlyMap<string, Address>> => {
  const bound = new Map<string, Address>();
  if (!chain) return bound;
  for (const feed of chosenFeeds(manifest, feedNames)) {
    if (feed.kind !== "decimal") continue;
    const { id, decimals } = feed;
    let contract = contracts.get(`${manifest.id}/${id}`);
    if (!contract) {
      const address = await chain.addFeed({
        hash: devFeedHash(manifest, id, parameters),
        decimals,
        description: feed.unit === "" ? id : `${id} in ${feed.unit}`,
      });
      contract = { address, decimals };
      contracts.set(`${manifest.id}/${id}`, contract);
    }
    if (contract.decimals === decimals) bound.set(id, contract.address);
    else
      emit({
        type: "note",
        message: `The contract of ${id} answers in ${contract.decimals} decimals for ever: start cryptlet dev again to see ${decimals} on the chain.`,
      });
  }
  return bound;
};

const toDevFeeds = (
  { feedNames }: ServiceParts,
  { manifest }: BuiltPackage,
  bound: ReadonlyMap<string, Address>,
): readonly DevFeed[] =>
  chosenFeeds(manifest, feedNames).map((feed) => ({
    id: feed.id,
    kind: feed.kind,
    decimals: feed.kind === "decimal" ? feed.decimals : null,
    unit: feed.kind === "decimal" ? feed.unit : null,
    contract: bound.get(feed.id) ?? null,
  }));

/** Tells the chain, as a verifier would, whose signatures count from now on. */
const createAdmission = (
  parts: ServiceParts,
  built: BuiltPackage,
  bound: ReadonlyMap<string, Address>,
) => {
  const { chain, clock, parameters, signal } = parts;
  let own: LoadedCryptlet | null = null;
  let until = Number.POSITIVE_INFINITY;
  const admit = async (cryptlet: LoadedCryptlet, evidence: LoadedCryptlet["evidence"]) => {
    if (!chain || bound.size === 0) return;
    const at = clock.now();
    const seen = { ...cryptlet, evidence };
    const signer = await appraiseLoaded(seen, { policy: "dev-appraisal", at, signal });
    const hashes = [...bound.keys()].map((feed) => devFeedHash(built.manifest, feed, parameters));
    await chain.setTime(at);
    await chain.admit(hashes, signer, at);
    until = at + LIFETIME_S * 1_000;
  };
  return {
    onLoaded: async (cryptlets: readonly LoadedCryptlet[]) => {
      own = cryptlets.find(({ id }) => id === built.manifest.id) ?? null;
      if (own) await admit(own, own.evidence);
    },
    measurement: () => own?.measurement ?? "",
    keep: async () => {
      if (!own || clock.now() < until - RENEW_BEFORE_MS) return;
      const { evidence } = await own.renewEvidence({}, { signal });
      await admit(own, evidence);
    },
  };
};

const listen = async (api: Api, port: number | undefined): Promise<string> => {
  const host = "127.0.0.1";
  if (port !== undefined) return await api.listen({ host, port });
  try {
    return await api.listen({ host, port: 8_600 });
  } catch (error) {
    if (!isFabricError(error, "API_ADDRESS_UNAVAILABLE")) throw error;
    return "";
  }
};

/** The API on the port that was asked for; where none was, on the usual one, or on a free one where that is taken. */
const openApi = async (
  create: () => Api,
  port: number | undefined,
): Promise<{ readonly api: Api; readonly url: string }> => {
  const api = create();
  const url = await listen(api, port);
  if (url !== "") return { api, url };
  await api.close();
  const other = create();
  return { api: other, url: await other.listen({ host: "127.0.0.1", port: 0 }) };
};

/**
 * Start a host on a built package, with everything that it needs around it: contracts, its key's admission, API, news.
 * Throws what the host and its parts throw; nothing of it then runs.
 */
export const servePackage = async (
  parts: ServiceParts,
  given: {
    readonly built: BuiltPackage;
    readonly contracts: DevContracts;
    /** Of the package's folder. */
    readonly number: number;
    readonly port: number | undefined;
  },
): Promise<Service> => {
  const { built, contracts, number, port } = given;
  const { folder, clock, enclave, log, emit, recorder, signal, chain } = parts;
  const { manifest } = built;
  const place = path.join(folder, "packages", String(number));
  const [vars, bound] = await Promise.all([
    parts.readVars(),
    bindFeeds(parts, built, contracts),
    writePackage(built, place),
  ]);
  const feeds = toDevFeeds(parts, built, bound);
  const config = await makeDevConfig({
    ...parts,
    own: { folder: place, manifest },
    feeds: chosenFeeds(manifest, parts.feedNames),
    contracts: bound,
    vars,
    port: port ?? 0,
  });
  const admission = createAdmission(parts, built, bound);
  let opened: Enclave | null = null;
  const fabric = await startFabric(config, {
    log,
    clock: atMarketTime(clock),
    scheduleClock: clock,
    openEnclave: (enclaveParts) => {
      opened = enclave.open(enclaveParts);
      return opened;
    },
    onLoaded: admission.onLoaded,
    signal,
  });
  const recording = new Set<Promise<void>>();
  const record = (run: string): void => {
    if (!recorder) return;
    const take = async (): Promise<void> => {
      try {
        const told = await recorder.take(fabric, run);
        if (told) emit({ type: "recorded", ...told });
      } catch (error) {
        emit({ type: "record-failed", error: toDevFault(error) });
      }
    };
    const taken = take();
    recording.add(taken);
    void taken.finally(() => recording.delete(taken));
  };
  const endNews = tellFabricNews({
    fabric,
    chain,
    mapper: mapperOf(built),
    units: new Map(feeds.flatMap(({ id, unit }) => (unit === null ? [] : [[id, unit]]))),
    decimals: new Map(
      feeds.flatMap(({ id, decimals }) => (decimals === null ? [] : [[id, decimals]])),
    ),
    emit,
    now: () => clock.now(),
    onRound: parts.onRound,
    onRunEnded: record,
  });
  const stopFabric = async (): Promise<void> => {
    const stopped = fabric.stop();
    const timer = setTimeout(() => void opened?.close().catch(() => {}), GRACE_MS);
    await stopped.finally(() => clearTimeout(timer));
  };
  try {
    const { api, url } = await openApi(() => createApi({ fabric, log }), port);
    return {
      built,
      fabric,
      url,
      feeds,
      measurement: admission.measurement(),
      keepAdmitted: admission.keep,
      stop: async () => {
        endNews();
        await Promise.all([api.close(), ...recording]);
        await stopFabric();
      },
    };
  } catch (error) {
    endNews();
    await stopFabric();
    throw error;
  }
};
