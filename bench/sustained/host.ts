import { loadConfig } from "../../src/core/config/load-config.ts";
import { createLog } from "../../src/core/log.ts";
import { startFabric } from "../../src/host/start-fabric.ts";

/** Child process of `bench/sustained.ts`: the host alone, so that its memory and CPU time are its own. */
export interface HostSample {
  /** ms since the host's start. */
  readonly at: number;
  readonly committed: number;
  /** Deliveries that are final. */
  readonly landed: number;
  /** Deliveries that ended otherwise. */
  readonly lost: number;
  readonly failedRuns: number;
  readonly rssBytes: number;
  /** Of the whole process, ms. */
  readonly cpuMs: number;
}

const SAMPLE_MS = 1_000;
const [configFile = "", folder = ""] = process.argv.slice(2);
const counts = { committed: 0, landed: 0, lost: 0, failedRuns: 0 };
const fabric = await startFabric(loadConfig({ file: configFile, env: {}, cwd: folder }), {
  log: createLog({ level: "fatal" }),
});
const started = performance.now();
fabric.events.subscribe((event) => {
  if (event.type === "round-committed") counts.committed += 1;
  else if (event.type === "run-failed") counts.failedRuns += 1;
  else if (event.type === "delivery" && event.delivery.status === "final") counts.landed += 1;
  else if (event.type === "delivery" && /superseded|failed/.test(event.delivery.status))
    counts.lost += 1;
});
const sampling = setInterval(() => {
  const { user, system } = process.cpuUsage();
  process.send?.({
    at: performance.now() - started,
    ...counts,
    rssBytes: process.memoryUsage.rss(),
    cpuMs: (user + system) / 1_000,
  } satisfies HostSample);
}, SAMPLE_MS);
process.on("message", () => {
  clearInterval(sampling);
  void fabric.stop().then(() => process.exit(0));
});
