import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";

import { fabricError } from "../core/errors/fabric-error.ts";

/** A local chain in a process of its own. */
export interface Anvil {
  readonly url: string;
  stop(): Promise<void>;
}

/** What anvil prints once it listens. */
const LISTENING = /Listening on (?:127\.0\.0\.1|0\.0\.0\.0):(\d+)/;
const START_LIMIT_MS = 20_000;
/** Longest start text that is kept while waiting, in characters. */
const MAX_BANNER = 64 * 1_024;
const FILE = process.platform === "win32" ? "anvil.exe" : "anvil";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * anvil's own binary beside the `@foundry-rs/anvil` that `from` sees; null where npm did not bring one. Its wrapper
 * script would put one more process between us and the chain, and leave it behind on SIGKILL.
 */
const binaryBeside = (from: string): string | null => {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) return null;
  try {
    const outer = createRequire(from).resolve("@foundry-rs/anvil/package.json");
    const inner = createRequire(outer).resolve(
      `@foundry-rs/anvil-${process.platform}-${architecture}/package.json`,
    );
    const binary = path.join(path.dirname(inner), "bin", FILE);
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
};

/** What a file on the search path starts: behind npm's wrapper script the binary itself. */
const behindWrapper = (file: string): string => {
  const real = realpathSync(file);
  return real.endsWith(".mjs") ? (binaryBeside(real) ?? file) : file;
};

/** anvil as npm brought it, else the one on `searchPath`: of an installed Foundry, or of a project's own packages. */
export const findAnvil = (searchPath = process.env["PATH"] ?? ""): string | null => {
  const own = binaryBeside(import.meta.url);
  if (own !== null) return own;
  const found = searchPath
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, FILE))
    .find((file) => existsSync(file));
  return found === undefined ? null : behindWrapper(found);
};

/**
 * A shell between us and the chain that ends it when our end of its standard input closes: also after a SIGKILL,
 * where no handler of ours runs. In words: start the chain, watch the pipe beside it, wait for the chain.
 */
const LEASH =
  'exec 3<&0; "$0" "$@" </dev/null & chain=$!; ( read -r _ <&3; kill -9 $chain ) & watch=$!; ' +
  "wait $chain; code=$?; kill $watch; exit $code";

/** Starts a program that ends at the latest when this process does, however that happens. */
export const spawnOnLeash = (binary: string, words: readonly string[]) => {
  // A group of its own: Ctrl-C is for us, who drain first, and not for the chain.
  const options = { stdio: "pipe", env: {}, detached: true } as const;
  // Windows has no such shell: there the exit handler alone must do.
  return process.platform === "win32"
    ? spawn(binary, words, { ...options, detached: false })
    : spawn("/bin/sh", ["-c", LEASH, binary, ...words], options);
};

const waitForPort = (child: ChildProcess, signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    let banner = "";
    const fail = (reason: string) => reject(fabricError("ANVIL_UNAVAILABLE", { reason }));
    const read = (chunk: unknown) => {
      banner = (banner + String(chunk)).slice(-MAX_BANNER);
      const match = LISTENING.exec(banner);
      if (match) resolve(Number(match[1]));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code, name) =>
      fail(`it ended with ${code ?? name}: ${banner.trim().slice(-300)}`),
    );
    signal.addEventListener("abort", () => fail(String(signal.reason)), { once: true });
  });

/**
 * Start anvil on a free port of the loopback interface. Dies with this process, whatever happens to it.
 * Throws `ANVIL_UNAVAILABLE`.
 */
export const startAnvil = async (options: {
  readonly signal: AbortSignal;
  /** Chain id, 31337 unless told. */
  readonly chainId?: number;
  /** Further arguments, for example `["--block-time", "1"]`. */
  readonly extra?: readonly string[];
}): Promise<Anvil> => {
  const binary = findAnvil();
  if (binary === null)
    throw fabricError("ANVIL_UNAVAILABLE", {
      reason: "neither @foundry-rs/anvil nor one on PATH is there",
    });
  const child = spawnOnLeash(binary, [
    "--port",
    "0",
    "--chain-id",
    String(options.chainId ?? 31_337),
    // One slot to an epoch makes the tags safe and finalized move, as on a real chain.
    "--slots-in-an-epoch",
    "1",
    ...(options.extra ?? []),
  ]);
  const kill = () => {
    child.stdin.destroy();
    if (process.platform === "win32") child.kill("SIGKILL");
  };
  process.on("exit", kill);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", kill);
      resolve();
    });
    child.once("error", () => resolve());
  });
  try {
    const limit = AbortSignal.any([options.signal, AbortSignal.timeout(START_LIMIT_MS)]);
    const port = await waitForPort(child, limit);
    // Its log is not wanted, but a full pipe would stop it.
    child.stdout?.resume();
    child.stderr?.resume();
    return {
      url: `http://127.0.0.1:${port}`,
      stop: async () => {
        kill();
        await exited;
      },
    };
  } catch (error) {
    kill();
    await exited;
    throw error;
  }
};
