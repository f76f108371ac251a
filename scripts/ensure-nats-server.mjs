import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** Longest wait for one step of apt-get, in ms. */
const LIMIT = 120_000;

const inPath = (name) =>
  (process.env.PATH ?? "")
    .split(path.delimiter)
    .some((folder) => existsSync(path.join(folder, name)));

const aptGet = (...args) =>
  spawnSync("apt-get", ["-q", "-y", ...args], {
    stdio: ["ignore", "ignore", "ignore"],
    timeout: LIMIT,
    // RUNLEVEL=1 keeps the package from starting a server of its own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  }).status === 0;

/**
 * Installs nats-server when it is not there, the user is root and the system is Debian or Ubuntu. Whether it worked is
 * for the suites to find out, which say by name what could not run.
 */
export const ensureNatsServer = () => {
  if (process.env.NATS_SERVER_BIN || inPath("nats-server") || existsSync("/usr/sbin/nats-server"))
    return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version") || !inPath("apt-get")) return;
  console.error("installing nats-server for the tests …");
  const install = () => aptGet("install", "--no-install-recommends", "nats-server");
  // The package lists of a fresh machine are empty.
  if (!install() && !(aptGet("update") && install()))
    console.error("apt-get could not install nats-server; the tests go on without it");
};
