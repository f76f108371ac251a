import path from "node:path";
import { expect, it } from "vitest";
import { GOLD, keepRound, stageRound } from "../../test/support/subscriber-stage.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { fabricIdSchema } from "../core/ids.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { countWebhookCalls } from "../store/webhook-calls.ts";
import { deleteWebhook, findWebhook, insertWebhook } from "../store/webhooks.ts";
import { createFabricMetrics } from "./fabric-metrics.ts";
import { createGate } from "./gate.ts";
import { openWebhookKey } from "./webhook-key.ts";
import { startWebhookWorker } from "./webhook-worker.ts";

const NOW = 1_700_000_000_000;

it("makes no calls of a webhook that is removed while its rounds are taken in", async () => {
  const folder = temporaryFolder();
  const store = await openStore({ driver: "libsql", file: path.join(folder, "fabric.db") });
  const key = await openWebhookKey(folder);
  const hook = { id: "wh_1", url: "https://hook.example/", description: "", feeds: [GOLD] };
  await keepRound(store, stageRound(GOLD, 1, NOW));
  await store.transaction((trx) =>
    insertWebhook(trx, { ...hook, position: 0, keyId: key.id, createdAt: NOW }),
  );
  let isTaken = (): void => {};
  const taken = new Promise<void>((resolve) => {
    isTaken = resolve;
  });
  const removing: Store = {
    ...store,
    transaction: async (work, options) => {
      await store.transaction((trx) => deleteWebhook(trx, hook.id));
      try {
        return await store.transaction(work, options);
      } finally {
        isTaken();
      }
    },
  };
  const worker = startWebhookWorker(
    {
      store: removing,
      key,
      clock: createManualClock(NOW),
      log: silentLog,
      metrics: createFabricMetrics(),
      fabric: fabricIdSchema.parse("local"),
      transport: {
        check: async () => {},
        send: () => Promise.reject(new Error("nothing is sent")),
        close: async () => {},
      },
      gate: createGate(1),
      timeoutMs: 1_000,
      retryMs: [],
      maxWaiting: 10,
    },
    hook,
  );
  await taken;
  await worker.stop();
  expect(await findWebhook(store.db, hook.id)).toBeNull();
  expect((await countWebhookCalls(store.db, hook.id)).waiting).toBe(0);
  await store.close();
});
