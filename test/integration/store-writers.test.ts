import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import type { FeedId } from "../../src/core/ids.ts";
import { commitRound } from "../../src/store/commit-round.ts";
import { openStore } from "../../src/store/open-store.ts";
import { latestRound, roundsAfter } from "../../src/store/rounds.ts";
import { roundCommit } from "../support/rounds.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const child = fileURLToPath(new URL("../support/commit-rounds.mjs", import.meta.url));
const gold = "gold" as FeedId;

describe("two processes on one database", () => {
  it("make one row of rounds: who comes second is told so", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    const store = await openStore({ driver: "libsql", file });
    onTestFinished(() => store.close());
    // The other process ends by itself as soon as it loses a round.
    const other = spawn(process.execPath, [child, file, gold], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = once(other, "close");
    await once(other.stdout, "data");
    other.stdout.resume();
    let lost = 0;
    for (let tries = 0; tries < 2_000 && other.exitCode === null; tries += 1) {
      const round = ((await latestRound(store.db, gold))?.round ?? 0) + 1;
      try {
        await store.transaction((trx) => commitRound(trx, roundCommit(gold, round, { salt: "b" })));
      } catch (error) {
        if (!isFabricError(error, "ROUND_OUT_OF_ORDER")) throw error;
        lost += 1;
      }
    }
    other.kill("SIGKILL");
    await ended;
    const rounds = await roundsAfter(store.db, gold, { after: 0, limit: 1_000_000 });
    expect(rounds.map((row) => row.round)).toEqual(rounds.map((_, i) => i + 1));
    expect(lost + (other.exitCode ?? 0)).toBeGreaterThan(0);
  });
});
