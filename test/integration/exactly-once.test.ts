import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { haveNatsServer, startNatsServer } from "../support/nats-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const child = fileURLToPath(new URL("../support/carry-rounds.mjs", import.meta.url));
const COUNT = 150;
/** Effects after which the process is killed, run by run; the last run goes on to the end. */
const KILLS = [1, 9, 30, 4, 21, 2];

/** Lets a child work until it has said `limit` times that it applied a message, or is done; then kills it. */
const workAndKill = async (args: readonly string[], limit: number): Promise<void> => {
  const running = spawn(process.execPath, [child, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  running.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes("done") || text.split("applied").length > limit) running.kill("SIGKILL");
  });
  const [, signal] = (await once(running, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
};

/** What is in the database after the kills and one run to the end. */
const carryUnderKills = async (url: string | null) => {
  const file = path.join(temporaryFolder(), "a.db");
  const args = [file, String(COUNT), ...(url === null ? [] : [url])];
  for (const limit of KILLS) await workAndKill(args, limit);
  await workAndKill(args, Number.POSITIVE_INFINITY);
  const store = await openStore({ driver: "libsql", file });
  onTestFinished(() => store.close());
  const effects = await store.db
    .selectFrom("trigger_cursors")
    .select(["id", "position"])
    .where("id", "like", "effect:%")
    .execute();
  const marks = await store.db.selectFrom("bus_consumer_sequences").select("message_key").execute();
  const repeated = effects.filter((effect) => effect.position !== "1");
  return { effects: effects.length, repeated, marks: marks.length };
};

const onceEach = { effects: COUNT, repeated: [], marks: COUNT };

describe("effects under kill -9", () => {
  it("happen once each, over the bus in process", async () => {
    expect(await carryUnderKills(null)).toEqual(onceEach);
  });

  it.runIf(haveNatsServer("effects under kill -9, over NATS"))(
    "happen once each, over NATS",
    async () => {
      const server = await startNatsServer();
      onTestFinished(() => server.stop());
      expect(await carryUnderKills(server.url)).toEqual(onceEach);
    },
  );
});
