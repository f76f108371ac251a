import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const child = fileURLToPath(new URL("../support/commit-rounds.mjs", import.meta.url));
const feeds = ["gold", "silver", "copper"];

/** Lets the child commit until `acknowledgements` were seen, kills it at once, and gives the last round seen per feed. */
const commitAndKill = async (
  file: string,
  acknowledgements: number,
): Promise<Map<string, number>> => {
  const running = spawn(process.execPath, [child, file, ...feeds], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const seen = new Map<string, number>();
  let text = "";
  let count = 0;
  running.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const [feed = "", round = ""] = line.split(" ");
      seen.set(feed, Number(round));
      count += 1;
    }
    if (count >= acknowledgements) running.kill("SIGKILL");
  });
  const [, signal] = (await once(running, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return seen;
};

describe("kill -9 while rounds are committed", () => {
  it("loses no acknowledged round and leaves none half-written", async () => {
    const file = path.join(temporaryFolder(), "a.db");
    for (const acknowledgements of [1, 17, 60, 144, 233, 5]) {
      const seen = await commitAndKill(file, acknowledgements);
      const store = await openStore({ driver: "libsql", file });
      const { rows } = await sql<{
        feed: string;
        last: number;
        rounds: number;
        envelopes: number;
        messages: number;
        deliveries: number;
      }>`
        select r.feed, max(r.round) as last, count(*) as rounds,
          (select count(*) from envelopes e where e.feed = r.feed) as envelopes,
          (select count(*) from outbox o where o.subject = 'cryptlet.feed.' || r.feed) as messages,
          (select count(*) from deliveries d where d.feed = r.feed) as deliveries
        from rounds r group by r.feed`.execute(store.db);
      for (const row of rows) {
        expect(row.last).toBeGreaterThanOrEqual(seen.get(row.feed) ?? 0);
        expect([row.rounds, row.envelopes, row.messages, row.deliveries]).toEqual(
          Array.from({ length: 4 }, () => row.last),
        );
      }
      for (const feed of seen.keys()) expect(rows.map((row) => row.feed)).toContain(feed);
      const check = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(
        store.db,
      );
      expect(check.rows).toEqual([{ integrity_check: "ok" }]);
      await store.close();
    }
  });
});
