import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { freePorts } from "./free-ports.ts";
import { natsServerBinary } from "./nats-server.ts";

/** Three real nats-server processes that keep JetStream's streams together (RAFT). */
export interface NatsCluster {
  /** Every node, joined by commas, as the host's configuration takes them. */
  readonly url: string;
  readonly nodes: readonly ClusterNode[];
  /** The node that leads a stream now; waits until one does. */
  leaderOf(stream: string): Promise<ClusterNode>;
  /** SIGKILL to the leader of a stream; gives the dead node. */
  killLeader(stream: string): Promise<ClusterNode>;
  /** Stops all nodes and removes their folders. */
  stop(): Promise<void>;
}

export interface ClusterNode {
  readonly name: string;
  readonly url: string;
  isRunning(): boolean;
  /** SIGKILL; its folder stays. */
  kill(): Promise<void>;
  /** Starts again with the same folder, and waits until it takes connections. */
  start(): Promise<void>;
}

const NODES = 3;
const LIMIT_MS = 30_000;
const POLL_MS = 50;

/** Asks until there is an answer that is not null; errors count as none. */
const eventually = async <Result>(
  what: string,
  ask: () => Promise<Result | null>,
): Promise<Result> => {
  const limit = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null) return answer;
    if (performance.now() > limit) throw new Error(`timed out: ${what}`);
    await sleep(POLL_MS);
  }
};

const createNode = (binary: string, name: string, url: string, file: string): ClusterNode => {
  let child: ChildProcess | null = null;
  const isRunning = (): boolean =>
    child !== null && child.exitCode === null && child.signalCode === null;
  return {
    name,
    url,
    isRunning,
    kill: async () => {
      if (!child || !isRunning()) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    start: async () => {
      const started = spawn(binary, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
      child = started;
      let log = "";
      await new Promise<void>((resolve, reject) => {
        started.once("error", reject);
        started.once("exit", () => {
          reject(new Error(`nats-server ended: ${log.slice(-2_000)}`));
        });
        started.stderr.on("data", (chunk: Buffer) => {
          log = `${log}${chunk.toString()}`.slice(-10_000);
          if (log.includes("Server is ready")) resolve();
        });
      });
    },
  };
};

/** Starts three nodes and waits until JetStream has a leader. Who starts them stops them. */
export const startNatsCluster = async (): Promise<NatsCluster> => {
  const binary = natsServerBinary();
  if (binary === null) throw new Error("no nats-server");
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-cluster-"));
  const ports = await freePorts(NODES * 2);
  const routes = ports.slice(NODES).map((port) => `"nats://127.0.0.1:${port}"`);
  const nodes = ports.slice(0, NODES).map((port, index) => {
    const name = `node-${index + 1}`;
    const own = path.join(folder, name);
    mkdirSync(own);
    const file = path.join(own, "nats.conf");
    writeFileSync(
      file,
      `server_name: "${name}"
listen: "127.0.0.1:${port}"
jetstream { store_dir: "${path.join(own, "data")}" }
cluster { name: "test", listen: "127.0.0.1:${ports[NODES + index]}", routes: [${routes.join(", ")}] }
`,
    );
    return createNode(binary, name, `nats://127.0.0.1:${port}`, file);
  });
  const servers = nodes.map(({ url }) => url);
  const managed = async <Result>(
    ask: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<Result>,
  ): Promise<Result> => {
    const connection = await connect({ servers, timeout: 1_000, reconnect: false });
    try {
      return await ask(await jetstreamManager(connection, { timeout: 1_000 }));
    } finally {
      await connection.close();
    }
  };
  const leaderOf = (stream: string): Promise<ClusterNode> =>
    eventually(`a leader of ${stream}`, async () => {
      const { cluster } = await managed((manager) => manager.streams.info(stream));
      return nodes.find((node) => node.name === cluster?.leader && node.isRunning()) ?? null;
    });
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
    // The account's information needs a leader of the whole.
    await eventually("JetStream", () => managed((manager) => manager.getAccountInfo()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: servers.join(","),
    nodes,
    leaderOf,
    killLeader: async (stream) => {
      const leader = await leaderOf(stream);
      await leader.kill();
      return leader;
    },
    stop,
  };
};
