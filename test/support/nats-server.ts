import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { reportNotRun } from "./not-run.ts";

/** A nats-server of this test's own, with JetStream in a temporary folder. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** SIGKILL; the folder stays. */
  kill(): Promise<void>;
  /** Starts again on the same port, with the same folder unless `wipe`. */
  start(options?: { readonly wipe?: boolean }): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** Debian puts the server where a user's PATH does not look. */
const EXTRA_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

/** The server's program: `NATS_SERVER_BIN`, else on PATH or where Debian puts it; null when there is none. */
export const natsServerBinary = (): string | null => {
  const named = process.env["NATS_SERVER_BIN"];
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), ...EXTRA_FOLDERS];
  const candidates =
    named === undefined || named === ""
      ? folders.filter((folder) => folder !== "").map((folder) => path.join(folder, "nats-server"))
      : [named];
  return candidates.find(isExecutable) ?? null;
};

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** True when there is a server for this suite; otherwise the suite is noted as not run. */
export const haveNatsServer = (suite: string): boolean => {
  if (natsServerBinary() !== null) return true;
  reportNotRun(
    suite,
    "nats-server was not found: set NATS_SERVER_BIN, or apt-get install nats-server",
  );
  return false;
};

/**
 * Starts a server and resolves when it says that it is ready. `configuration` is added to its configuration file, for
 * users, TLS or limits.
 */
export const startNatsServer = async (
  configuration = "",
  { jetStream = true }: { readonly jetStream?: boolean } = {},
): Promise<NatsServer> => {
  const binary = natsServerBinary();
  if (binary === null) throw new Error("no nats-server");
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-nats-"));
  const data = path.join(folder, "data");
  const port = await freePort();
  const file = path.join(folder, "nats.conf");
  const storage = jetStream ? `jetstream { store_dir: "${data}" }` : "";
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${storage}\n${configuration}\n`);
  let child: ChildProcess | null = null;

  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  };
  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    kill: () => kill("SIGKILL"),
    start: async ({ wipe = false } = {}) => {
      if (wipe) rmSync(data, { recursive: true, force: true });
      child = spawn(binary, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
      await ready(child);
    },
    stop: async () => {
      await kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
};

const ready = async (child: ChildProcess): Promise<void> => {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      reject(new Error(`nats-server ended: ${log.slice(-2_000)}`));
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-10_000);
      if (log.includes("Server is ready")) resolve();
    });
  });
};

const freePort = async (): Promise<number> => {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
};
