// Builds everything that runs as JavaScript: the library and the command line, contract artifacts, Cryptlet packages.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

// On standard error: a command that builds first may print a document.
if (!existsSync(path.join(root, "dist/src/cli/main.js")))
  console.error("building, about 45 s the first time …");

run(process.execPath, [
  path.join(root, "node_modules/typescript/bin/tsc"),
  "-p",
  "tsconfig.build.json",
]);
// tsc leaves the output of sources that are gone; it would be published and counted.
for (const folder of ["src", "enclave-sim"]) {
  for (const file of readdirSync(path.join(root, "dist", folder), { recursive: true })) {
    // What build-wall.mjs makes has no source of its own.
    if (file.startsWith(path.join("wall", "inside"))) continue;
    const source = path.join(root, folder, file.replace(/\.(d\.ts|js|js\.map)$/, ".ts"));
    if (/\.(js|d\.ts|js\.map)$/.test(file) && !existsSync(source))
      rmSync(path.join(root, "dist", folder, file));
  }
}
for (const step of [
  "write-command-index.mjs",
  "compile-contracts.mjs",
  "build-cryptlets.mjs",
  "build-wall.mjs",
]) {
  const file = path.join(root, "scripts", step);
  if (existsSync(file)) await import(pathToFileURL(file).href);
}
