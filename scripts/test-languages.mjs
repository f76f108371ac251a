// `npm run test:languages`: gets the compilers of every language where it may (Debian or Ubuntu, as root), then builds and
// plays gold-median in each; a language that could not run is a failure.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, runNode } from "./run.mjs";

/** Longest wait for one step of apt-get, in ms. */
const LIMIT = 600_000;

const build = runNode([path.join(root, "scripts/build.mjs")]);
if (build !== 0) process.exit(build);
const builders = path.join(root, "dist/enclave-sim/builders/package-builders.js");
const { packageBuilders } = await import(pathToFileURL(builders).href);

const { signal } = new AbortController();
const missing = new Set();
for (const { tools } of packageBuilders)
  for (const tool of tools)
    if (tool.install.startsWith("apt-get install ") && (await tool.find({ signal })) === null)
      for (const name of tool.install.split(" ").slice(2)) missing.add(name);

const aptGet = (...args) =>
  spawnSync("apt-get", ["-q", "-y", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: LIMIT,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  }).status === 0;

const mayInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");
if (missing.size > 0 && mayInstall) {
  const start = performance.now();
  const names = [...missing];
  console.error(`installing ${names.join(", ")} …`);
  const install = () => aptGet("install", "--no-install-recommends", ...names);
  // The package lists of a fresh machine are empty.
  const done = install() || (aptGet("update") && install());
  const seconds = ((performance.now() - start) / 1_000).toFixed(0);
  console.error(done ? `installed in ${seconds} s` : "apt-get could not install all of them");
}

process.exit(
  runNode(
    [
      path.join(root, "scripts/test.mjs"),
      "--strict",
      "test/integration/languages.test.ts",
      "test/integration/program-builders.test.ts",
      "test/integration/wasm-builders.test.ts",
    ],
    { env: { ...process.env, CRYPTLET_LANGUAGES: "all", CRYPTLET_SKIP_BUILD: "1" } },
  ),
);
