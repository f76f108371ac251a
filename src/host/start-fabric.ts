import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { Enclave, LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { systemClock, type Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";
import { openStore } from "../store/open-store.ts";
import { outboxBacklog } from "../store/outbox.ts";
import { latestRound } from "../store/rounds.ts";
import { abandonOpenRuns } from "../store/runs.ts";
import { connectBroker } from "./connect-broker.ts";
import { connectBus } from "./connect-bus.ts";
import { createAttestationDirectory } from "./attestation-directory.ts";
import { createBatchDirectory } from "./batch-directory.ts";
import { createCryptletDirectory } from "./cryptlet-directory.ts";
import { createDeadLetterDirectory } from "./dead-letter-directory.ts";
import { startDeadLetterKeeper } from "./dead-letter-keeper.ts";
import { createDeliveryDirectory } from "./delivery-directory.ts";
import { createEnvelopeArchive } from "./envelope-archive.ts";
import { startEvidenceRenewal } from "./evidence-renewal.ts";
import { createFabricEvents } from "./fabric-events.ts";
import { createFabricMetrics } from "./fabric-metrics.ts";
import type { Fabric } from "./fabric.ts";
import { drainDeliveries } from "./drain-deliveries.ts";
import { createFeedDirectory } from "./feed-directory.ts";
import { createHostAttester } from "./host-attester.ts";
import { createHealth } from "./health.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { createLatestRounds } from "./latest-rounds.ts";
import { loadCryptlets } from "./load-cryptlets.ts";
import { createLoopProgress } from "./loop-progress.ts";
import { type EnclaveParts, enclavePartsOf } from "./open-enclave.ts";
import { createOutboxPublisher } from "./outbox-publisher.ts";
import { roundStream } from "./round-message.ts";
import { holdOf, readQuorumFeeds, trustRounds } from "./quorum-feeds.ts";
import { startRequestDesk } from "./request-desk.ts";
import { startRegistryService } from "./registry-service.ts";
import { openConfiguredReleases, warnOfFolders } from "./open-cryptlet-package.ts";
import { startReleaseWatch } from "./release-watch.ts";
import { createRunDirectory } from "./run-directory.ts";
import { announceDelivery, startChains } from "./start-chains.ts";
import { startFeeds } from "./start-feeds.ts";
import { createSubscriptionDesk } from "./subscription-desk.ts";
import { createTeardown, type Teardown } from "./teardown.ts";
import { createTranscriptKeeper } from "./transcript-keeper.ts";
import { startQuorum } from "./start-quorum.ts";
import { warnOfWall } from "./warn-of-wall.ts";
import { startWebhookDesk } from "./webhook-desk.ts";

/** The publisher turns at least every five seconds, plus the bus's own time-out. */
const OUTBOX_LIMIT_MS = 60_000;
const DAY_MS = 86_400_000;

export interface StartFabricOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** What feeds and renewals wait by for their next time; default: `clock`. */
  readonly scheduleClock?: Clock;
  /** Opens the enclave, with what of the host it works with; default: a thread for this fabric alone. */
  readonly openEnclave?: (parts: EnclaveParts) => Enclave;
  /** Called when every Cryptlet has its keys, and before any feed runs: for who must know the keys before a round is. */
  readonly onLoaded?: (cryptlets: readonly LoadedCryptlet[]) => Promise<void>;
  /** Aborts the start; a running fabric is ended with `stop`. */
  readonly signal?: AbortSignal;
}

/**
 * Start everything that the configuration names, in the order in which data flows back to front, so that no part
 * produces before the next one listens. What had started is ended again when a later part fails.
 * Throws `CONFIG_…`, `STORE_…`, `BUS_…`, `CHAIN_…`, `CRYPTLET_…`, `PROVIDERS_UNREACHABLE`, `SIMULATED_NOT_ALLOWED`.
 * @example
 * ```ts
 * const fabric = await startFabric(loadConfig({ env: process.env, cwd: process.cwd() }), { log });
 * await fabric.trigger(feed);
 * await fabric.stop();
 * ```
 */
export const startFabric = async (
  config: FabricConfig,
  options: StartFabricOptions,
): Promise<Fabric> => {
  const teardown = createTeardown();
  try {
    return await start(config, options, teardown);
  } catch (error) {
    await teardown.run().catch((fault: unknown) => {
      options.log.error("cleaning up after a failed start failed too", { error: fault });
    });
    throw error;
  }
};

const start = async (
  config: FabricConfig,
  { log, clock = systemClock, signal, scheduleClock = clock, ...given }: StartFabricOptions,
  teardown: Teardown,
): Promise<Fabric> => {
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
  await mkdir(path.dirname(config.database.file), { recursive: true });
  const store = await openStore(config.database);
  teardown.push(() => store.close());
  const abandoned = await store.transaction((trx) => abandonOpenRuns(trx, clock.now()));
  if (abandoned > 0) log.warn("runs of a host that died were closed", { runs: abandoned });

  const metrics = createFabricMetrics();
  const events = createFabricEvents((error) => {
    log.error("an event listener failed", { error });
  });
  const latest = createLatestRounds();
  const progress = createLoopProgress(clock);

  const bus = await connectBus(config, { store, clock });
  teardown.push(() => bus.close());
  await bus.ensureStream(roundStream(config.fabric), signal ? { signal } : {});

  const enclave = (given.openEnclave ?? createEnclave)(
    enclavePartsOf(config, { store, clock, log }),
  );
  teardown.push(() => enclave.close());
  const broker = await connectBroker(config.broker);
  if (broker) teardown.push(() => broker.close());
  const releases = await openConfiguredReleases(config, { log, ...(signal ? { signal } : {}) });
  const { onRevoked, syncIntervalMs: intervalMs } = config.packages;
  const watch = startReleaseWatch({ source: releases, onRevoked, intervalMs, clock, log });
  teardown.push(() => watch.stop());
  warnOfFolders(config, log);
  const { cryptlets, feeds } = await loadCryptlets(config, enclave, {
    releases,
    watch,
    ...(signal ? { signal } : {}),
    ...(broker ? { broker } : {}),
    lastRound: async (feed) => (await latestRound(store.db, feed))?.round ?? 0,
  });
  warnOfWall(config.enclave.wall, cryptlets.values(), log);
  await given.onLoaded?.([...cryptlets.values()]);

  const renewal = startEvidenceRenewal({
    cryptlets: cryptlets.values(),
    clock: scheduleClock,
    log,
  });
  teardown.push(() => renewal.stop());

  const shared = { store, bus, clock, log, events, metrics, latest, progress, teardown };
  const quorums = readQuorumFeeds(config, feeds);
  const trust = trustRounds(config.fabric, cryptlets.values(), feeds.keys(), quorums);
  const chains = await startChains(config, {
    ...shared,
    trust,
    holdMs: holdOf(config, quorums),
  });

  const letters = await startDeadLetterKeeper({
    ...shared,
    fabric: config.fabric,
    host: config.quorum?.host ?? null,
  });
  teardown.push(() => letters.stop());

  // Between the end of the outbox and the end of the chains: what was published last still goes out.
  teardown.push(() =>
    drainDeliveries({
      ...shared,
      // A bound on stopping is about the machine's time, whatever clock the fabric runs on.
      clock: systemClock,
      feeds: [...feeds.values()].map(({ feed }) => feed),
    }),
  );
  const outbox = createOutboxPublisher({
    ...shared,
    progress: progress.register("outbox", OUTBOX_LIMIT_MS),
    published: ({ messageId }) => {
      events.emit({ type: "round-published", messageId });
    },
  });
  teardown.push(() => outbox.stop());

  const known = { feeds: new Set(feeds.keys()) };
  const webhooks = await startWebhookDesk(config, { ...shared, ...known });
  teardown.push(() => webhooks.stop());

  const making = {
    ...shared,
    fabric: config.fabric,
    transcripts: createTranscriptKeeper(config.transcripts),
    renewal,
    onCommitted: () => {
      outbox.notify();
    },
  };
  const quorum = await startQuorum(config, { ...making, feeds, quorums, trust });
  const triggers = await startFeeds(feeds, {
    ...making,
    quorum,
    triggerClock: scheduleClock,
  });
  teardown.push(() => triggers.stop());
  const requests = await startRequestDesk({
    ...shared,
    ...known,
    triggers,
    maxWaiting: config.requests.maxWaiting,
  });
  teardown.push(async () => {
    await triggers.stop();
    // What ended last is written down before the database goes.
    await requests.stop();
  });

  const housekeeping = startHousekeeping({
    store,
    clock,
    log,
    transcriptsMs: config.transcripts.days * DAY_MS,
  });
  teardown.push(() => housekeeping.stop());

  const registry = config.registry && (await startRegistryService(config.registry, shared));
  if (registry) teardown.push(() => registry.stop());

  metrics.watchOutbox(async () => (await outboxBacklog(store.db)).waiting);
  const chainIds = new Map(config.chains.map(({ name, chainId }) => [name, String(chainId)]));
  log.info("fabric started", {
    fabric: config.fabric,
    feeds: feeds.size,
    chains: chains.size,
    enclave: "SIMULATED",
  });
  return {
    id: config.fabric,
    feeds: createFeedDirectory({ store, events, latest }, feeds),
    envelopes: createEnvelopeArchive(store, chainIds),
    batches: createBatchDirectory(
      store,
      new Set([...feeds.values()].flatMap(({ feed, batch }) => (batch ? [feed.id] : []))),
    ),
    cryptlets: createCryptletDirectory(cryptlets, renewal),
    attestation: createAttestationDirectory(cryptlets),
    attester: createHostAttester(enclave, path.join(config.dataDirectory, "sealed")),
    deliveries: createDeliveryDirectory({
      store,
      chains,
      fabric: config.fabric,
      host: config.quorum?.host ?? null,
      feeds: new Set(feeds.keys()),
      bindings: config.bindings,
      onChange: announceDelivery(shared),
    }),
    deadLetters: createDeadLetterDirectory({ store, bus, clock, log }),
    runs: createRunDirectory(store),
    subscriptions: createSubscriptionDesk({ ...shared, ...known }),
    webhooks,
    requests,
    quorum,
    registry,
    events,
    metrics: metrics.registry,
    trigger: async (feed) => {
      await triggers.fire(feed);
    },
    health: createHealth({
      store,
      bus,
      enclave,
      adapters: [...chains.values()].map(({ adapter }) => adapter),
      quorum,
      releases: watch,
    }),
    liveness: () => progress.read(),
    stop: () => teardown.run(),
  };
};
