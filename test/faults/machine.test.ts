import { spawnSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";
import { reportNotRun } from "../support/not-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOUR = 3_600_000;
/** How long the disk stays full, ms. */
const FULL_MS = 4_000;

/** A file system of so many MiB; null where this user may not mount one. */
const mountSmallDisk = (mebibytes: number): string | null => {
  const folder = temporaryFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", folder]);
  if (mounted.status !== 0) return null;
  onTestFinished(() => {
    spawnSync("umount", ["-l", folder]);
  });
  return folder;
};

describe("the machine", () => {
  const isThere = haveNatsServer("the machine");

  it.runIf(isThere)("a file system without a free byte", async () => {
    const folder = mountSmallDisk(24);
    if (folder === null) {
      reportNotRun("disk full on a real file system", "this user may not mount a tmpfs");
      return;
    }
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld("anvil", bus, { feeds: 2, folder });
    await expectSurvival({ scenario: "disk full (tmpfs)", bus: "nats", stage }, async () => {
      let courier = stage.start();
      expect(await courier.ready).toBe(true);
      await stage.commit(5);
      await stage.rest(30_000);
      await stage.commit(20);
      const { bavail, bsize } = statfsSync(folder);
      const ballast = path.join(folder, "ballast");
      // Whatever is free, the last page of it included.
      try {
        writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      } catch {
        expect(statfsSync(folder).bavail).toBeLessThan(64);
      }
      await sleep(FULL_MS);
      expect(await stage.isAtRest()).toBe(false);
      rmSync(ballast);
      const { child } = courier;
      // Who supervises hosts starts one again that could not go on.
      if (child.exitCode !== null || child.signalCode !== null) courier = stage.start();
      await stage.commit(5);
      await stage.rest(80_000);
      await courier.stop();
      return 1;
    });
  });

  it.runIf(isThere)("a database that may not grow", async () => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld("anvil", bus, { feeds: 2 });
    await expectSurvival({ scenario: "disk full (SQLite)", bus: "nats", stage }, async () => {
      const courier = stage.start();
      expect(await courier.ready).toBe(true);
      await stage.commit(20);
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(stage.store.db);
      courier.tell({ maxPages: (rows[0]?.page_count ?? 0) + 1 });
      await sleep(FULL_MS);
      expect(await stage.isAtRest()).toBe(false);
      courier.tell({ maxPages: 1_000_000 });
      await stage.commit(5);
      await stage.rest(80_000);
      await courier.stop();
      return 1;
    });
  });

  it.runIf(isThere).each([
    ["an hour forward", HOUR],
    ["an hour back", -HOUR],
    ["three days forward", 72 * HOUR],
  ])("a clock that steps %s and back again", async (words, step) => {
    const bus = await startFaultBus("nats");
    // Rounds of these minutes: to a clock that steps back they come from the future.
    const stage = await openFaultWorld("anvil", bus, { feeds: 2, ageMs: 120_000 });
    await expectSurvival({ scenario: `clock steps ${words}`, bus: "nats", stage }, async () => {
      const courier = stage.start();
      expect(await courier.ready).toBe(true);
      await stage.commit(10);
      courier.tell({ clockOffsetMs: step });
      await stage.commit(10);
      await stage.rest(30_000);
      courier.tell({ clockOffsetMs: 0 });
      await stage.commit(10);
      await stage.rest(30_000);
      await courier.stop();
      return 2;
    });
  });
});
