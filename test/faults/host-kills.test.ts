import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { loadConfig } from "../../src/core/config/load-config.ts";
import { openStore } from "../../src/store/open-store.ts";
import { auditStage, isStoreAtRest } from "../support/audit-stage.ts";
import { evmEngines } from "../support/evm-engines.ts";
import { reportFigures } from "../support/fault-report.ts";
import { startFaultBus } from "../support/fault-world.ts";
import { openGoldStage } from "../support/gold-stage.ts";
import { haveNatsServer } from "../support/nats-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOST = path.resolve("test/support/crashing-host.mjs");
const DIST = path.resolve("dist");
const DEPTH = 3;
/** Commits of a host's life at which it dies: its start, its runs, its rounds, and what becomes of them. */
const COMMITS = Array.from({ length: 14 }, (_, index) => 3 + index * 2);
const LIMIT_MS = 60_000;

const startHost = (configFile: string, event: string): ChildProcess => {
  const child = spawn(process.execPath, [HOST, DIST, configFile, event], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
};

describe.each(evmEngines)("kill -9 of the whole host, on $name", ({ name, available, start }) => {
  const isThere = available("kill -9 of hosts") && haveNatsServer("kill -9 of hosts");

  it.runIf(isThere)("enclave and all, at commits from trigger to finality", async () => {
    const began = performance.now();
    const engine = await start();
    onTestFinished(() => engine.stop());
    engine.autoMine(100);
    const bus = await startFaultBus("nats");
    const folder = temporaryFolder();
    const stage = await openGoldStage({
      folder,
      engine,
      feed: { intervalMs: 200, heartbeatMs: 86_400_000, deviationPpm: 1_000 },
      signal: AbortSignal.timeout(600_000),
      config: { bus: bus.config },
    });
    onTestFinished(() => stage.close());
    let step = 0;
    const movePrice = (): void => {
      step += 1;
      stage.emulator.setPrice(`${4_000 + step * 50}.00`);
    };
    let kills = 0;
    for (const commit of COMMITS)
      for (const when of ["before", "after"]) {
        movePrice();
        const child = startHost(stage.configFile, `commit:${when}:${commit}`);
        const [, signal] = (await once(child, "exit")) as [number | null, string | null];
        expect(signal).toBe("SIGKILL");
        kills += 1;
      }
    movePrice();
    const last = startHost(stage.configFile, "none");
    const config = loadConfig({ file: stage.configFile, env: {}, cwd: folder });
    const store = await openStore(config.database);
    onTestFinished(() => store.close());
    const newest = async (): Promise<number> => {
      const row = await store.db
        .selectFrom("rounds")
        .select((column) => [column.fn.max("answer").as("answer")])
        .executeTakeFirst();
      return Number(row?.answer ?? 0) / 1e8;
    };
    // The last price makes its round, and then everything comes to rest.
    const limit = performance.now() + LIMIT_MS;
    while (performance.now() < limit) {
      if ((await newest()) > (4_000 + step * 50) * 0.999 && (await isStoreAtRest(store))) break;
      await sleep(100);
    }
    last.kill("SIGTERM");
    expect((await once(last, "exit"))[0]).toBe(0);
    const signer = createTransactionSigner(stage.chain.hostKey).address;
    const violations = await auditStage({ store, config, engine, depth: 1, signer });
    const rounds = await store.db.selectFrom("rounds").select("round").execute();
    const rows = await store.db.selectFrom("deliveries").select("status").execute();
    const statuses: Record<string, number> = {};
    for (const { status } of rows) statuses[status] = (statuses[status] ?? 0) + 1;
    reportFigures({
      scenario: "kill -9 of the whole host",
      engine: name,
      bus: "nats",
      rounds: rounds.length,
      faults: kills,
      seconds: (performance.now() - began) / 1_000,
      statuses,
      violations,
    });
    expect(rounds.length).toBeGreaterThan(DEPTH);
    expect(violations).toEqual([]);
  });
});
