import { onTestFinished } from "vitest";
import { createEmbeddedApi } from "../../src/api/create-embedded-api.ts";
import { createFabricClient, type FabricClient } from "../../src/client/fabric-client.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { parseConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { digestSchema, feedHashSchema, feedIdSchema, type FeedId } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createFabricEvents } from "../../src/host/fabric-events.ts";
import { createFabricMetrics } from "../../src/host/fabric-metrics.ts";
import type { Fabric, RoundView } from "../../src/host/fabric.ts";
import { createFeedDirectory, type ServedFeedEntry } from "../../src/host/feed-directory.ts";
import { createLatestRounds } from "../../src/host/latest-rounds.ts";
import { startRequestDesk } from "../../src/host/request-desk.ts";
import { toRoundRow, type CommittedRound } from "../../src/host/round-view.ts";
import type { RunOutcome } from "../../src/host/run-outcome.ts";
import { createSubscriptionDesk } from "../../src/host/subscription-desk.ts";
import { startWebhookDesk } from "../../src/host/webhook-desk.ts";
import { openStore } from "../../src/store/open-store.ts";
import { insertRound, latestRound } from "../../src/store/rounds.ts";
import type { Store } from "../../src/store/store.ts";
import { startTriggers } from "../../src/triggers/triggers.ts";
import type { TriggerEvent } from "../../src/triggers/trigger-event.ts";
import { createFakeFabric } from "./fake-fabric.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const GOLD = feedIdSchema.parse("xau-usd");
export const SILVER = feedIdSchema.parse("xag-usd");
export const STAGE_FEEDS: readonly FeedId[] = [GOLD, SILVER];

/** A round as the record keeps it. `issuedAt` is its time for everything. */
export const stageRound = (feed: FeedId, round: number, issuedAt: number): CommittedRound => ({
  feed,
  feedHash: feedHashSchema.parse(`0x${"ab".repeat(32)}`),
  round,
  answer: String(-100 + round),
  value: { kind: "decimal", text: `${-100 + round}`, decimals: 0, unit: "EUR per MWh" },
  observedAt: issuedAt,
  issuedAt,
  validUntil: issuedAt + 60_000,
  mode: "EMULATED",
  simulated: true,
  envelopeDigest: digestSchema.parse(
    `sha256:${Buffer.from(`${feed}:${round}`).toString("hex").padEnd(64, "0").slice(0, 64)}`,
  ),
});

/** Keeps a round on record, as commits and imports do. */
export const keepRound = async (store: Store, round: CommittedRound): Promise<void> => {
  await store.transaction((trx) =>
    insertRound(trx, { round: toRoundRow(round, null), bundleJson: "{}", evidenceDigest: null }),
  );
};

/** The real desks on a real database behind the real routes; only Cryptlets and chains are not there. */
export interface SubscriberStage {
  readonly store: Store;
  readonly fabric: Fabric;
  readonly client: FabricClient;
  /** Commits the next round of a feed, as a host does: record first, then the news. */
  commit(feed: FeedId, issuedAt?: number): Promise<RoundView>;
  /** Runs that began, by the id of their event. */
  readonly runs: readonly string[];
  /** Closes everything as `stop` of a fabric does. */
  stop(): Promise<void>;
}

export interface SubscriberStageOptions {
  /** Database and key; a stage on the same folder is the same host started again. */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly config?: Partial<FabricConfigInput>;
  /** Whether this host makes the feeds' rounds now; default: it does. */
  readonly prepare?: () => boolean;
  /** What a run does; default: it commits a round. */
  readonly run?: (event: TriggerEvent, commit: SubscriberStage["commit"]) => Promise<RunOutcome>;
}

const START = 1_700_000_000_000;

export const openSubscriberStage = async (
  options: SubscriberStageOptions = {},
): Promise<SubscriberStage> => {
  const folder = options.folder ?? temporaryFolder();
  const clock = options.clock ?? systemClock;
  const config = parseConfig(
    { dataDirectory: folder, ...options.config },
    { env: {}, base: folder },
  );
  const store = await openStore({ driver: "libsql", file: config.database.file });
  const events = createFabricEvents((error) => {
    throw error;
  });
  const feeds = new Set(STAGE_FEEDS);
  const parts = {
    store,
    clock,
    events,
    feeds,
    log: silentLog,
    metrics: createFabricMetrics(),
    latest: createLatestRounds(),
  };
  const runs: string[] = [];

  const commit = async (feed: FeedId, issuedAt?: number): Promise<RoundView> => {
    const newest = await latestRound(store.db, feed);
    const at = issuedAt ?? (newest?.issuedAt ?? START) + 1_000;
    const round = stageRound(feed, (newest?.round ?? 0) + 1, at);
    await keepRound(store, round);
    const view = { ...round, deliveries: [] };
    events.emit({ type: "round-committed", round: view, outboxMessageId: "", signer: "" });
    return view;
  };
  const run =
    options.run ??
    (async ({ feed }: TriggerEvent): Promise<RunOutcome> => ({
      status: "published",
      round: (await commit(feed)).round,
    }));

  const triggers = await startTriggers<RunOutcome>({
    store,
    clock,
    feeds: STAGE_FEEDS.map((feed) => ({
      feed,
      schedule: { intervalMs: 86_400_000, heartbeatMs: 86_400_000, deviationPpm: null },
    })),
    handle: async (event, begin) => {
      if (event.kind !== "request") return { status: "unchanged" };
      if (options.prepare && !options.prepare()) return { status: "not-led" };
      await begin();
      runs.push(event.id);
      return await run(event, commit);
    },
    fault: (_feed, error) => {
      throw error;
    },
    progress: () => {},
  });
  const webhooks = await startWebhookDesk(config, parts);
  const requests = await startRequestDesk({
    ...parts,
    triggers,
    maxWaiting: config.requests.maxWaiting,
  });
  const served = new Map(STAGE_FEEDS.map((feed) => [feed, { feed: { id: feed } }]));
  const fake = createFakeFabric();
  const directory = createFeedDirectory(
    parts,
    // Rounds are read by the feed's name alone.
    served as unknown as ReadonlyMap<FeedId, ServedFeedEntry>,
  );
  const fabric: Fabric = {
    ...fake,
    events,
    feeds: { ...directory, get: fake.feeds.get, list: fake.feeds.list },
    subscriptions: createSubscriptionDesk(parts),
    webhooks,
    requests,
  };
  const embedded = createEmbeddedApi({ fabric });
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    await embedded.close();
    await triggers.stop();
    await requests.stop();
    await webhooks.stop();
    await store.close();
  };
  const stage: SubscriberStage = {
    store,
    fabric,
    client: createFabricClient({ embedded }),
    commit,
    runs,
    stop: () => (stopping ??= stop()),
  };
  onTestFinished(() => stage.stop());
  return stage;
};
