// A host in a process of its own that kills itself with SIGKILL in the very moment of an event: node crashing-host.mjs
// <dist> <config file> <event> ("none" never; "commit:before:7" and "commit:after:7" around its seventh commit).
import path from "node:path";
import { pathToFileURL } from "node:url";
import { killAtCommit } from "./kill-at-commit.mjs";

const [dist = "", file = "", wanted = ""] = process.argv.slice(2);
const [, when, commit] = /^commit:(before|after):(\d+)$/.exec(wanted) ?? [];
if (commit !== undefined) killAtCommit({ when, commit: Number(commit) });
const load = (module) => import(pathToFileURL(path.join(dist, module)).href);
const { loadConfig } = await load("src/core/config/load-config.js");
const { createLog } = await load("src/core/log.js");
const { startFabric } = await load("src/host/start-fabric.js");

const config = loadConfig({ file, env: {}, cwd: path.dirname(file) });
const fabric = await startFabric(config, { log: createLog({ level: "warn" }) });
fabric.events.subscribe((event) => {
  const name = event.type === "delivery" ? `delivery:${event.delivery.status}` : event.type;
  // A run that changes nothing is no step of a round.
  if (event.type === "run-finished" && event.publish === null) return;
  if (name === wanted) process.kill(process.pid, "SIGKILL");
});
process.once("SIGTERM", () => {
  fabric.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
