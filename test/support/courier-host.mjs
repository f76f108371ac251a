// The delivering half of a host in a process of its own, out of the parts that the host is made of: outbox, bus, intake,
// workers, adapters. What it delivers is signed by keys that the test holds: node courier-host.mjs <dist> <plan file>.
//
// plan: { config, keys, kill, clock, maxPages }
//   kill      null, or { commit: n, when: "before" | "after" }: SIGKILL to itself around its n-th commit
//   clock     { speed, offsetMs }: time runs so many times as fast for pauses and limits, and the hour is off by that much
//   maxPages  null, or the size at which the database's disk is full, in pages
// Messages over IPC: { clockOffsetMs }, { maxPages }.
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { databases, execDirectly, killAtCommit } from "./kill-at-commit.mjs";

const [dist = "", file = ""] = process.argv.slice(2);
const load = (module) => import(pathToFileURL(path.join(dist, "src", module)).href);
const plan = JSON.parse(readFileSync(file, "utf8"));

killAtCommit(plan.kill);
/** SQLite says "database or disk is full" where no page is left. */
const limitPages = (pages) => {
  for (const database of databases) execDirectly(database, `pragma max_page_count = ${pages}`);
};

const { systemClock } = await load("core/clock.js");
const { loadConfig } = await load("core/config/load-config.js");
const { createLog } = await load("core/log.js");
const { openStore } = await load("store/open-store.js");
const { connectBus } = await load("host/connect-bus.js");
const { startDeadLetterKeeper } = await load("host/dead-letter-keeper.js");
const { createFabricEvents } = await load("host/fabric-events.js");
const { createFabricMetrics } = await load("host/fabric-metrics.js");
const { createLatestRounds } = await load("host/latest-rounds.js");
const { createLoopProgress } = await load("host/loop-progress.js");
const { createOutboxPublisher } = await load("host/outbox-publisher.js");
const { trustRounds } = await load("host/quorum-feeds.js");
const { roundStream } = await load("host/round-message.js");
const { startChains } = await load("host/start-chains.js");
const { createTeardown } = await load("host/teardown.js");

const { speed } = plan.clock;
let offset = plan.clock.offsetMs;
const clock = {
  now: () => systemClock.now() + offset,
  monotonic: () => systemClock.monotonic() * speed,
  sleep: (milliseconds, options) => systemClock.sleep(milliseconds / speed, options),
};
process.on("message", (message) => {
  if (message.clockOffsetMs !== undefined) offset = message.clockOffsetMs;
  if (message.maxPages !== undefined) limitPages(message.maxPages);
});

const config = loadConfig({ file: plan.config, env: {}, cwd: path.dirname(plan.config) });
const log = createLog({ level: process.env.CRYPTLET_TEST_LOG ?? "silent" });
const teardown = createTeardown();
const store = await openStore(config.database);
teardown.push(() => store.close());
if (plan.maxPages !== null) limitPages(plan.maxPages);
const bus = await connectBus(config, { store, clock });
teardown.push(() => bus.close());
const progress = createLoopProgress(clock);
const latest = createLatestRounds();
for (const { id } of config.feeds) latest.register(id, null);
const shared = {
  store,
  bus,
  clock,
  log,
  progress,
  latest,
  teardown,
  events: createFabricEvents(() => undefined),
  metrics: createFabricMetrics(),
};
// The test's keys stand where those of an enclave would.
const signer = { id: "gold-price", keys: JSON.parse(readFileSync(plan.keys, "utf8")) };
const trust = trustRounds(
  config.fabric,
  [signer],
  config.feeds.map(({ id }) => id),
  new Map(),
);
// A bus whose leader has just died answers a little later.
for (;;)
  try {
    await bus.ensureStream(roundStream(config.fabric));
    await startChains(config, { ...shared, trust, holdMs: () => 0 });
    const letters = await startDeadLetterKeeper({ ...shared, fabric: config.fabric, host: null });
    teardown.push(() => letters.stop());
    break;
  } catch (error) {
    if (!String(error.code).startsWith("BUS_")) throw error;
    await systemClock.sleep(200);
  }
const outbox = createOutboxPublisher({ ...shared, progress: progress.register("outbox", 60_000) });
teardown.push(() => outbox.stop());

process.once("SIGTERM", () => {
  teardown.run().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
// Nobody is left who would end it.
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.send?.({ ready: true });
