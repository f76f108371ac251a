import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * File of a thread's entry under `enclave-sim`, always built JavaScript: a worker takes no TypeScript, and tests run
 * from the sources.
 */
export const threadFile = (name: string): string =>
  import.meta.url.endsWith(".ts")
    ? path.join(root, "dist/enclave-sim", `${name}.js`)
    : path.join(root, "enclave-sim", `${name}.js`);

/**
 * What a thread inherits: nothing of the environment. Only a coverage run must be told where to write, or threads
 * would count as never executed.
 */
export const threadEnvironment = (): Record<string, string> => {
  const coverage = process.env["NODE_V8_COVERAGE"];
  return coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage };
};

/**
 * The guest thread's entry: what the wall gets, because one file loads in half the time and memory of forty. A coverage
 * run takes the files one by one, or they would count as never executed.
 */
export const guestThreadFile = (): string => {
  const bundled = threadFile("wall/inside/guest-thread");
  const measured = process.env["NODE_V8_COVERAGE"] !== undefined;
  return !measured && existsSync(bundled) ? bundled : threadFile("guest/guest-thread");
};
