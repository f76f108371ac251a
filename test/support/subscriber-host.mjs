// A host with real subscriptions, webhooks and requests in a process of its own, for kill -9:
// node subscriber-host.mjs <dist> <folder> <webhook settings as JSON> <kill: "none", "before:7" or "after:7">.
// It commits a round of xau-usd whenever it is told on stdin, and writes what a run does outside to effects.log.
import { createHash } from "node:crypto";
import { appendFileSync, writeSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { killAtCommit } from "./kill-at-commit.mjs";

const [dist = "", folder = "", settings = "{}", kill = "none"] = process.argv.slice(2);
const [when, commit] = kill.split(":");
const load = (module) => import(pathToFileURL(path.join(dist, "src", module)).href);
const { createApi } = await load("api/create-api.js");
const { parseConfig } = await load("core/config/load-config.js");
const { Secret } = await load("core/config/secret.js");
const { systemClock } = await load("core/clock.js");
const { silentLog } = await load("core/log.js");
const { createFabricEvents } = await load("host/fabric-events.js");
const { createFabricMetrics } = await load("host/fabric-metrics.js");
const { createFeedDirectory } = await load("host/feed-directory.js");
const { createLatestRounds } = await load("host/latest-rounds.js");
const { recordRun } = await load("host/record-run.js");
const { startRequestDesk } = await load("host/request-desk.js");
const { createSubscriptionDesk } = await load("host/subscription-desk.js");
const { startWebhookDesk } = await load("host/webhook-desk.js");
const { openStore } = await load("store/open-store.js");
const { insertRound, latestRound } = await load("store/rounds.js");
const { abandonOpenRuns, closeRun } = await load("store/runs.js");
const { startTriggers } = await load("triggers/triggers.js");

const FEED = "xau-usd";
const webhooks = JSON.parse(settings);
const config = parseConfig({ dataDirectory: folder, webhooks }, { env: {}, base: folder });
const store = await openStore({ driver: "libsql", file: config.database.file });
await store.transaction((trx) => abandonOpenRuns(trx, Date.now()));
const events = createFabricEvents((error) => {
  throw error;
});
const metrics = createFabricMetrics();
const parts = {
  store,
  clock: systemClock,
  events,
  feeds: new Set([FEED]),
  log: silentLog,
  metrics,
  latest: createLatestRounds(),
};

/** The round and the end of its run in one transaction, then the news: as every commit of a host. */
const commitRound = async (run) => {
  let view;
  await store.transaction(async (trx) => {
    const round = ((await latestRound(trx, FEED))?.round ?? 0) + 1;
    const issuedAt = 1_700_000_000_000 + round * 1_000;
    const digest = createHash("sha256").update(`${FEED}:${round}`).digest("hex");
    view = {
      feed: FEED,
      feedHash: `0x${"ab".repeat(32)}`,
      round,
      answer: String(-100 + round),
      value: { kind: "decimal", text: String(-100 + round), decimals: 0, unit: "EUR" },
      observedAt: issuedAt,
      issuedAt,
      validUntil: issuedAt + 60_000,
      mode: "EMULATED",
      simulated: true,
      envelopeDigest: `sha256:${digest}`,
    };
    const { envelopeDigest, observedAt, validUntil, answer, mode } = view;
    const row = {
      feed: FEED,
      round,
      envelopeDigest,
      runId: run,
      answer,
      valueJson: "{}",
      observedAt,
      issuedAt,
      validUntil,
      mode,
      viewJson: JSON.stringify(view),
    };
    await insertRound(trx, { round: row, bundleJson: "{}", evidenceDigest: null });
    const end = { error: null, receiptJson: null, transcript: null, finishedAt: Date.now() };
    if (run !== null) await closeRun(trx, { id: run, status: "published", ...end });
  });
  events.emit({
    type: "round-committed",
    round: { ...view, deliveries: [] },
    outboxMessageId: "",
    signer: "",
  });
  return view.round;
};

const triggers = await startTriggers({
  store,
  clock: systemClock,
  feeds: [
    {
      feed: FEED,
      schedule: { intervalMs: 86_400_000, heartbeatMs: 86_400_000, deviationPpm: null },
    },
  ],
  handle: async (event, begin) => {
    if (event.kind !== "request") return { status: "unchanged" };
    await begin();
    const end = await recordRun(parts, {
      feed: FEED,
      trigger: event.id,
      failedTranscript: async () => null,
      work: async (run) => {
        // What a Cryptlet may do outside, and cannot take back.
        appendFileSync(path.join(folder, "effects.log"), `${event.id}\n`);
        return { status: "published", round: await commitRound(run) };
      },
    });
    return end.status === "ended" ? end.result : end;
  },
  fault: (_feed, error) => {
    throw error;
  },
  progress: () => {},
});
// From here on commits count: those of the desks' own start too.
if (kill !== "none") killAtCommit({ when, commit: Number(commit) });
const fabric = {
  ...parts,
  metrics: metrics.registry,
  subscriptions: createSubscriptionDesk(parts),
  webhooks: await startWebhookDesk(config, parts),
  requests: await startRequestDesk({ ...parts, triggers, maxWaiting: 64 }),
  feeds: createFeedDirectory(parts, new Map([[FEED, { feed: { id: FEED } }]])),
};
const api = createApi({ fabric, log: silentLog, token: new Secret("token") });
const url = await api.listen({ host: "127.0.0.1", port: 0 });
writeSync(1, `${url}\n`);
for await (const line of createInterface({ input: process.stdin }))
  if (line === "commit") writeSync(1, `${await commitRound(null)}\n`);
