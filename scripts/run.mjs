import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the project. */
export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Runs a JavaScript file with this Node; its output passes through. Gives the exit code. */
export const runNode = (args, options = {}) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", ...options });
  return status ?? 1;
};

/** Path of a command that a dependency brings, to be run with Node (npx would read its own configuration). */
export const bin = (packageName, file) => path.join(root, "node_modules", packageName, file);

/** Steps by name, all of them even when one fails; prints what failed. Gives the exit code. */
export const runSteps = (steps) => {
  const failed = [];
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    console.error(`\n── ${name}`);
    const status = step();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    console.error(`── ${name}: ${status === 0 ? "ok" : `failed (${status})`} in ${seconds} s`);
    if (status !== 0) failed.push(name);
  }
  console.error(failed.length === 0 ? "\neverything passed" : `\nfailed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
};
