import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.mjs";

/** Longest wait for one step of apt-get, in ms. */
const LIMIT = 120_000;

const inPath = (name) =>
  [...(process.env.PATH ?? "").split(path.delimiter), "/usr/sbin", "/sbin"].some((folder) =>
    existsSync(path.join(folder, name)),
  );

const aptGet = (...args) =>
  spawnSync("apt-get", ["-q", "-y", ...args], {
    stdio: ["ignore", "ignore", "ignore"],
    timeout: LIMIT,
    // RUNLEVEL=1 keeps a package from starting a server of its own.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  }).status === 0;

/** Programs that the tests use where they are there, by Debian's package of each. */
const PACKAGES = {
  "nats-server": { there: () => Boolean(process.env.NATS_SERVER_BIN) || inPath("nats-server") },
  bubblewrap: { there: () => inPath("bwrap") },
  clang: { there: () => inPath("clang") },
  // What completes commands is tried in every shell that it is printed for.
  zsh: { there: () => inPath("zsh") },
  fish: { there: () => inPath("fish") },
  lld: { there: () => inPath("wasm-ld") || inPath("wasm-ld-14") },
};

/** Packages of their own below test/engines: the second EVM engine, and the other versions of Node. */
const ENGINES = ["ethereumjs", "nodes"];
const ENGINE_LIMIT = 300_000;

const readVersion = (file) =>
  existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).version ?? null) : null;

/** `npm ci` for an engine that is missing or of another version. Without network the suites say that they did not run. */
const ensureEngine = (name) => {
  const folder = path.join(root, "test", "engines", name);
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const isThere = Object.entries(dependencies).every(
    ([dependency, version]) =>
      readVersion(path.join(folder, "node_modules", dependency, "package.json")) ===
      // An alias: npm:package@version.
      version.slice(version.lastIndexOf("@") + 1),
  );
  if (isThere) return;
  console.error(`installing test/engines/${name} for the tests …`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    timeout: ENGINE_LIMIT,
    shell: process.platform === "win32",
  });
  if (status !== 0) console.error(`npm ci failed in test/engines/${name}; the tests go on without`);
};

/**
 * Installs what is not there, when the user is root and the system is Debian or Ubuntu. Whether it worked is for the
 * suites to find out, which say by name what could not run.
 */
export const ensurePackages = () => {
  for (const name of ENGINES) ensureEngine(name);
  const missing = Object.keys(PACKAGES).filter((name) => !PACKAGES[name].there());
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version") || !inPath("apt-get")) return;
  console.error(`installing ${missing.join(" and ")} for the tests …`);
  const install = () => aptGet("install", "--no-install-recommends", ...missing);
  // The package lists of a fresh machine are empty.
  if (!install() && !(aptGet("update") && install()))
    console.error(`apt-get could not install ${missing.join(", ")}; the tests go on without`);
};
