// `npm run bench [-- name …]`: builds, compiles bench/ beside it, and runs bench/main.ts as plain JavaScript,
// because worker threads and measured code must be what users run.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

run("scripts/build.mjs");
// bench/main.ts runs whatever stands there: nothing may be left of files that are gone.
rmSync(path.join(root, "dist/bench"), { recursive: true, force: true });
run("node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json");
run("dist/bench/main.js", ...process.argv.slice(2));
