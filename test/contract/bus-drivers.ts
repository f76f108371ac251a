import { createMemoryBus } from "../../src/bus/memory/memory-bus.ts";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { createStoreBusLog } from "../../src/store/bus-log.ts";
import { openStore } from "../../src/store/open-store.ts";
import { haveNatsServer, startNatsServer } from "../support/nats-server.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Where buses of one kind come from. What one bus stored, the next one of the same home finds. */
export interface BusHome {
  open(): Promise<Bus>;
  /** Ends the process that has the bus, or the server, without a word; `open` starts it again. */
  crash(): Promise<void>;
  end(): Promise<void>;
}

/** One row per driver; the contract runs over every available one. */
export interface BusDriver {
  readonly name: string;
  /** Notes the suite as not run when what it needs is missing. */
  readonly available: (suite: string) => boolean;
  readonly start: () => Promise<BusHome>;
}

const startMemory = async (): Promise<BusHome> => {
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-bus-"));
  const file = path.join(folder, "bus.db");
  let store = await openStore({ driver: "libsql", file });
  return {
    open: () => createMemoryBus({ log: createStoreBusLog(store) }),
    crash: async () => {
      // The database is all that survives a process: a new connection sees what a new process would.
      await store.close();
      store = await openStore({ driver: "libsql", file });
    },
    end: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const startNats = async (): Promise<BusHome> => {
  const server = await startNatsServer();
  return {
    open: () => createNatsBus({ servers: [server.url], name: "contract", timeoutMs: 5_000 }),
    crash: async () => {
      await server.kill();
      await server.start();
    },
    end: () => server.stop(),
  };
};

export const busDrivers: readonly BusDriver[] = [
  { name: "memory", available: () => true, start: startMemory },
  { name: "nats", available: haveNatsServer, start: startNats },
];
