import path from "node:path";
import type { GroupOptions } from "../../enclave-sim/host/group-calls.ts";
import type { SimulatedRoot } from "../attestation/simulated-anchor.ts";
import type { Enclave, FeedAgreement, LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { SourcesConfiguration } from "../../enclave-sim/capabilities/http/http-capability.ts";
import type { SecretBroker } from "../../enclave-sim/host/secret-broker.ts";
import type { FeedQuorum } from "../core/config/quorum-settings.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId, FeedId } from "../core/ids.ts";
import type { ReleaseSource, VerifiedRelease } from "../registry/release-source.ts";
import { batchesOf, defineBatch } from "./batch-definition.ts";
import { defineFeed, type FeedDefinition } from "./feed-definition.ts";
import { readMemberPolicy } from "./member-appraiser.ts";
import { decideProviderMode } from "./provider-mode.ts";
import { openCryptletPackage, type OpenedPackage } from "./open-cryptlet-package.ts";
import { gateRelease } from "./release-gate.ts";
import type { ReleaseWatch } from "./release-watch.ts";
import { readConfiguredFile } from "./read-configured-file.ts";
import type { ServedFeedEntry } from "./feed-directory.ts";

type CryptletPackage = OpenedPackage["found"];

/** Cryptlets of a host and the feeds that they serve. */
export interface CryptletPark {
  readonly cryptlets: ReadonlyMap<CryptletId, LoadedCryptlet>;
  readonly feeds: ReadonlyMap<FeedId, ServedFeedEntry>;
}

/**
 * How every source of this host is reached. Throws `PROVIDERS_UNREACHABLE` when `auto` finds no network and no
 * emulator is configured: a host never makes up its own providers.
 */
const decideSources = async (
  config: FabricConfig,
  packages: readonly CryptletPackage[],
  signal: AbortSignal | undefined,
): Promise<SourcesConfiguration> => {
  const { allowPrivateAddresses, emulator, mode } = config.providers;
  const hosts = new Set(
    packages.flatMap(({ manifest }) => manifest.capabilities.http?.hosts.map((h) => h.host) ?? []),
  );
  const needed = Math.max(
    1,
    ...packages.flatMap(({ manifest }) => manifest.feeds.map(({ minSources }) => minSources)),
  );
  const decided =
    hosts.size === 0 && mode === "auto"
      ? "LIVE"
      : await decideProviderMode(mode, [...hosts], needed, signal ? { signal } : {});
  if (decided === "LIVE") return { mode: "live", allowPrivateAddresses };
  if (!emulator) throw fabricError("PROVIDERS_UNREACHABLE", {});
  return {
    mode: "emulated",
    address: emulator.address,
    port: emulator.port,
    caPem: await readConfiguredFile("providers.emulator.caFile", emulator.caFile),
    allowPrivateAddresses,
  };
};

/** What the enclave is loaded with: part of its configuration's id. */
const agreementOf = ({
  members,
  threshold,
  tolerancePpm,
  windowMs,
}: FeedQuorum): FeedAgreement => ({
  members,
  threshold,
  tolerancePpm,
  windowMs,
});

/** With whom enclaves make keys together: members by their evidence, simulated ones by their own roots. */
const groupOptionsOf = async ({
  quorum,
  feeds,
  enclave,
}: FabricConfig): Promise<GroupOptions | null> => {
  if (!quorum || !feeds.some((feed) => feed.quorum?.group)) return null;
  const roots: SimulatedRoot[] = [];
  for (const { id, platformRoot } of quorum.members) {
    if (platformRoot === null) continue;
    const setting = `quorum.members.${id}.platformRoot`;
    roots.push({ name: id, certificate: await readConfiguredFile(setting, platformRoot) });
  }
  const { tcb } = await readMemberPolicy(quorum.appraisal);
  const { insecureAllowSimulated } = enclave;
  return { simulatedRoots: roots, insecureAllowSimulated, tcb };
};

/** A release that was loaded must measure as its publisher signed. Throws `RELEASE_CONTRADICTS`. */
const admitRelease = async (
  loaded: LoadedCryptlet,
  { statement, release, publisher }: VerifiedRelease,
  watch: Pick<ReleaseWatch, "admit"> | undefined,
): Promise<LoadedCryptlet> => {
  const { name, version, measurement } = statement;
  const text = `${name}@${version}`;
  if (loaded.measurement === measurement)
    return watch
      ? gateRelease(loaded, text, watch.admit({ name, version }, { release, publisher }))
      : loaded;
  await loaded.close();
  throw fabricError("RELEASE_CONTRADICTS", {
    release: text,
    reason: `it measures as ${loaded.measurement} and not as ${measurement}`,
  });
};

/**
 * Read every configured package, join its manifest with the configured feeds and start it in the enclave.
 * Throws `CRYPTLET_ID_DIFFERS`, `PACKAGE_FOLDER_REFUSED`, `RELEASE_…`, `SIMULATED_NOT_ALLOWED`, `FEED_NOT_IN_MANIFEST`, `FEED_NOT_BINDABLE`,
 * `PROVIDERS_UNREACHABLE`, `CONFIG_FILE_UNREADABLE` and what `Enclave.load` throws.
 */
export const loadCryptlets = async (
  config: FabricConfig,
  enclave: Enclave,
  options?: {
    signal?: AbortSignal;
    broker?: SecretBroker;
    /** Where configured releases come from. */
    releases?: ReleaseSource | null;
    /** Looks after them while they run. */
    watch?: Pick<ReleaseWatch, "admit">;
    /** Newest round of a feed that is on record: an enclave that starts anew signs nothing at or below it. */
    lastRound?: (feed: FeedId) => Promise<number>;
  },
): Promise<CryptletPark> => {
  const packages = await Promise.all(
    config.cryptlets.map(async (entry) => {
      const { releases = null, signal } = options ?? {};
      const opened = await openCryptletPackage(config, entry, releases, signal ? { signal } : {});
      if (!config.enclave.insecureAllowSimulated)
        throw fabricError("SIMULATED_NOT_ALLOWED", { cryptlet: entry.id });
      return opened;
    }),
  );
  const sources = await decideSources(
    config,
    packages.map(({ found }) => found),
    options?.signal,
  );
  const { memoryMb, runMs, hostCalls } = config.enclave.limits;
  const groups = await groupOptionsOf(config);
  const cryptlets = new Map<CryptletId, LoadedCryptlet>();
  const feeds = new Map<FeedId, ServedFeedEntry>();
  for (const { entry, found, release } of packages) {
    const own: FeedDefinition[] = config.feeds
      .filter((feed) => feed.cryptlet === entry.id)
      .map((feed) => defineFeed(config, feed, found.manifest));
    const batches = batchesOf(config, own).map((batch) =>
      defineBatch(config, batch, { manifest: found.manifest, feeds: own }),
    );
    const lastOf = async (feed: FeedId) =>
      options?.lastRound ? { lastRound: await options.lastRound(feed) } : {};
    const loaded = await enclave.load(
      found,
      {
        fabric: config.fabric,
        secrets: Object.fromEntries(
          Object.entries(entry.secrets).map(([name, secret]) => [name, secret.reveal()]),
        ),
        brokerSecrets: entry.brokerSecrets,
        sources,
        configuration: entry.configuration,
        evidence: config.enclave.evidence,
        chains: config.chainReads.map(({ chain, chainId, endpoints }) => ({
          chain,
          chainId,
          endpoints: endpoints.map((url) => url.reveal()),
          // A chain beside emulated sources is none that anybody else reads.
          mode: sources.mode === "live" ? ("LIVE" as const) : ("EMULATED" as const),
        })),
        ...(groups ? { groups } : {}),
        transcripts: { seal: config.transcripts.seal, auditors: config.transcripts.auditors },
        feeds: await Promise.all(
          own.map(async (feed) => ({
            feed: feed.id,
            cryptletFeed: feed.config.feed,
            feedHash: feed.hash,
            parameters: feed.config.parameters,
            validForMs: feed.config.validForMs,
            ...(feed.config.quorum ? { quorum: agreementOf(feed.config.quorum) } : {}),
            ...(await lastOf(feed.id)),
          })),
        ),
        batches: await Promise.all(
          batches.map(async ({ feed, members }) => ({
            feed: feed.id,
            batchHash: feed.hash,
            members: members.map(({ id }) => id),
            ...(await lastOf(feed.id)),
          })),
        ),
        sealDirectory: path.join(config.dataDirectory, "sealed"),
        limits: { timeoutMs: runMs, memoryBytes: memoryMb * 1_048_576, maxHostCalls: hostCalls },
      },
      options,
    );
    const cryptlet = release ? await admitRelease(loaded, release, options?.watch) : loaded;
    cryptlets.set(entry.id, cryptlet);
    for (const feed of own) feeds.set(feed.id, { feed, cryptlet });
    for (const batch of batches) feeds.set(batch.feed.id, { feed: batch.feed, cryptlet, batch });
  }
  return { cryptlets, feeds };
};
