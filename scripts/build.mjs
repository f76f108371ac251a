// Builds everything that runs as JavaScript: the library and the command line, contract artifacts, Cryptlet packages.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import path from "node:path";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, [
  path.join(root, "node_modules/typescript/bin/tsc"),
  "-p",
  "tsconfig.build.json",
]);
for (const step of ["compile-contracts.mjs", "build-cryptlets.mjs"]) {
  const file = path.join(root, "scripts", step);
  if (existsSync(file)) await import(pathToFileURL(file).href);
}
