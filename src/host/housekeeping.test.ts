import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commitSignedRound, GOLD } from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createRunId } from "../core/ids.ts";
import { openStore } from "../store/open-store.ts";
import { markPublished, takeUnpublished } from "../store/outbox.ts";
import { latestRound } from "../store/rounds.ts";
import { findRunRequest, insertRunRequest } from "../store/run-requests.ts";
import { closeRun, listRuns, openRun } from "../store/runs.ts";
import { endWebhookCall, insertWebhookCall, listWebhookCalls } from "../store/webhook-calls.ts";
import { tidyStore } from "./housekeeping.ts";

const DAY_MS = 86_400_000;

test("old runs without a round and old published messages go; rounds and what waits stay", async () => {
  const store = await openStore({
    driver: "libsql",
    file: path.join(temporaryFolder(), "fabric.db"),
  });
  onTestFinished(() => store.close());
  const now = 100 * DAY_MS;
  const run = async (startedAt: number, status: "unchanged" | "failed" | null) => {
    const id = createRunId();
    await openRun(store.db, { id, feed: GOLD, triggerId: `t${startedAt}`, startedAt });
    if (status !== null)
      await closeRun(store.db, {
        id,
        status,
        finishedAt: startedAt,
        error: null,
        receiptJson: null,
        transcript: null,
      });
    return id;
  };
  await run(now - 2 * DAY_MS, "unchanged");
  const running = await run(now - 2 * DAY_MS, null);
  const recent = await run(now - DAY_MS / 2, "failed");
  await commitSignedRound(store, 1);
  await commitSignedRound(store, 2);
  const [first] = await takeUnpublished(store.db, { limit: 10 });
  if (!first) throw new Error("nothing waits");
  await markPublished(
    store.db,
    [{ id: first.id, stream: "ROUNDS_DEMO", sequence: 1 }],
    now - 15 * DAY_MS,
  );

  const answered = async (key: string, at: number) => {
    await insertRunRequest(store.db, { key, feed: GOLD, round: 1, createdAt: at });
    const id = `msg_${key}`;
    await insertWebhookCall(store.db, { id, webhook: "wh_1", feed: GOLD, round: 1, at });
    const end = { status: "delivered", answer: 204, error: null, nextAt: at } as const;
    await endWebhookCall(store.db, id, end, at);
  };
  await answered("old", now - 8 * DAY_MS);
  await answered("young", now - 6 * DAY_MS);
  const waits = { key: "waits", feed: GOLD, round: null, createdAt: now - 99 * DAY_MS };
  await insertRunRequest(store.db, waits);

  await tidyStore(store, now, DAY_MS);

  const left = async (key: string) => (await findRunRequest(store.db, key))?.status ?? null;
  expect([await left("old"), await left("young"), await left("waits")]).toEqual([
    null,
    "done",
    "waiting",
  ]);
  const calls = await listWebhookCalls(store.db, { webhook: "wh_1", limit: 10 });
  expect(calls.map(({ id }) => id)).toEqual(["msg_young"]);
  expect((await listRuns(store.db, { limit: 10 })).map(({ id }) => id)).toEqual([recent, running]);
  expect(
    (await takeUnpublished(store.db, { limit: 10 })).map(({ messageId }) => messageId),
  ).toEqual(["cryptlet:xau-usd:2"]);
  expect((await latestRound(store.db, GOLD))?.round).toBe(2);
});
