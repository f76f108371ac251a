import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { Check } from "./check.ts";
import { evidenceCheck } from "./evidence-check.ts";

/** Oldest release that is supported; see `engines` of package.json. */
const OLDEST_NODE = [20, 19] as const;

const lookAtNode = async (): Promise<string> => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    throw new Error(`Node ${process.versions.node}, needed is ${OLDEST_NODE.join(".")} or newer`);
  return `Node ${process.versions.node}, ${process.platform} ${process.arch}`;
};

/** A folder that takes a file and brings it to the disk. */
const lookAtDisk = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-doctor-"));
  try {
    const file = await open(path.join(folder, "probe"), "wx", 0o600);
    try {
      await file.writeFile("probe");
      await file.sync();
    } finally {
      await file.close();
    }
    return `${tmpdir()} takes files and flushes them`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Without a network the one thing known about time is that this file already existed. */
const lookAtClock = async (): Promise<string> => {
  const built = (await stat(fileURLToPath(import.meta.url))).mtimeMs;
  const now = Date.now();
  if (now < built - 60_000)
    throw new Error(
      `the clock says ${new Date(now).toISOString()}, before this program was installed`,
    );
  return `${new Date(now).toISOString()}, later than the installation`;
};

const listen = (port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host }, () => server.close(() => resolve()));
  });

/** The API's port: free, or taken by a fabric, which is as well. */
const lookAtPort: Check["look"] = async ({ url, signal }) => {
  const { hostname, port, protocol } = new URL(url);
  const number = Number(port || (protocol === "https:" ? 443 : 80));
  if (hostname !== "127.0.0.1" && hostname !== "localhost")
    return `${hostname} is not this machine: not checked`;
  try {
    await listen(number, "127.0.0.1");
    return `port ${number} is free`;
  } catch (error) {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    try {
      await createFabricClient({ url }).live({ signal: limit });
      return `port ${number} is in use by a running fabric`;
    } catch {
      throw new Error(`port ${number} is taken: ${String(error)}`, { cause: error });
    }
  }
};

/** Starts a program behind the wall and looks out of it. */
const lookAtWall = async (): Promise<string> => {
  const { detectWall } = await import("../../../enclave-sim/wall/detect-wall.ts");
  const state = await detectWall();
  if (state.available)
    return "a program behind it has no network, no files and no system calls but its own";
  const install = state.packages.length > 0 ? `; apt-get install ${state.packages.join(" ")}` : "";
  throw new Error(`${state.reason}${install}`);
};

/** Checks of the machine itself. */
export const machineChecks: readonly Check[] = [
  {
    id: "node",
    title: "Node.js",
    required: true,
    todo: "Install Node 20.19 or newer (20, 22 and 24 are tested): https://nodejs.org",
    look: lookAtNode,
  },
  {
    id: "disk",
    title: "write access",
    required: true,
    todo: "Free some space, or name a writable folder in TMPDIR.",
    look: lookAtDisk,
  },
  {
    id: "clock",
    title: "clock",
    required: true,
    todo: "Set the clock, best by NTP: signatures carry times and stale ones are refused.",
    look: lookAtClock,
  },
  {
    id: "wall",
    title: "outer wall (bubblewrap)",
    required: false,
    todo:
      "Debian: apt-get install bubblewrap util-linux, on Linux for x64 or arm64 with user namespaces; run as root, the " +
      "wall's programs are nobody and must be able to read Node and the fabric's folder. Without it third parties' " +
      "Cryptlets run unwalled (their receipts say so), or not at all with enclave.wall = required.",
    look: lookAtWall,
  },
  {
    id: "port",
    title: "API port",
    required: false,
    todo: "Stop what listens there, or give the host another port (api.port) and the commands --url.",
    look: lookAtPort,
  },
  evidenceCheck,
];
