import { randomUUID } from "node:crypto";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { countAfter } from "../store/round-log.ts";
import type { Executor } from "../store/store.ts";
import {
  countWebhookCalls,
  listWebhookCalls,
  replayWebhookCalls,
  type WebhookCallRow,
} from "../store/webhook-calls.ts";
import {
  changeWebhook,
  countWebhooks,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  type WebhookChange,
  type WebhookRow,
} from "../store/webhooks.ts";
import { formatWebhookSecret } from "../crypto/webhook-signature.ts";
import type { FabricEvents } from "./fabric-events.ts";
import { createGate } from "./gate.ts";
import { logStart } from "./log-start.ts";
import { readConfiguredFile } from "./read-configured-file.ts";
import { MAX_COUNTED } from "./subscription-desk.ts";
import { openWebhookKey } from "./webhook-key.ts";
import { createWebhookTransport } from "./webhook-transport.ts";
import {
  startWebhookWorker,
  type WebhookWorker,
  type WebhookWorkerParts,
} from "./webhook-worker.ts";
import type { WebhookCallView, Webhooks, WebhookView } from "./webhooks.ts";

/** Webhooks of one host. */
const MAX_WEBHOOKS = 1_000;
/** Calls that are under way at once, over all webhooks. */
const MAX_PARALLEL = 64;
/** Longest look-up when a webhook is added, ms. */
const CHECK_MS = 10_000;

/** Webhooks of a running host. */
export interface WebhookDesk extends Webhooks {
  stop(): Promise<void>;
}

const viewCall = (row: WebhookCallRow): WebhookCallView => ({
  ...row,
  nextAt: row.status === "waiting" ? row.nextAt : null,
});

const found = async (db: Executor, id: string): Promise<WebhookRow> => {
  const row = await findWebhook(db, id);
  if (!row) throw fabricError("WEBHOOK_UNKNOWN", { webhook: id });
  return row;
};

/** Starts a worker for every webhook that is stored. Throws `WEBHOOK_KEY_UNREADABLE`, `CONFIG_FILE_UNREADABLE`. */
export const startWebhookDesk = async (
  config: Pick<FabricConfig, "webhooks" | "dataDirectory" | "fabric">,
  parts: Pick<WebhookWorkerParts, "store" | "clock" | "log" | "metrics"> & {
    readonly events: FabricEvents;
    readonly feeds: ReadonlySet<FeedId>;
  },
): Promise<WebhookDesk> => {
  const { store, clock, events, feeds } = parts;
  const { allowPrivateAddresses, caFile, ...settings } = config.webhooks;
  const key = await openWebhookKey(config.dataDirectory);
  const transport = createWebhookTransport({
    allowPrivateAddresses,
    caPem: caFile === null ? null : await readConfiguredFile("webhooks.caFile", caFile),
  });
  const shared: WebhookWorkerParts = {
    ...settings,
    store,
    clock,
    log: parts.log,
    metrics: parts.metrics,
    fabric: config.fabric,
    key,
    transport,
    gate: createGate(MAX_PARALLEL),
  };
  const workers = new Map<string, WebhookWorker>();
  for (const row of await listWebhooks(store.db))
    workers.set(row.id, startWebhookWorker(shared, row));
  const unsubscribe = events.subscribe((event) => {
    if (event.type !== "round-committed") return;
    for (const worker of workers.values()) if (worker.feeds.has(event.round.feed)) worker.notify();
  });

  const view = async (row: WebhookRow): Promise<WebhookView> => {
    const { waiting, dead } = await countWebhookCalls(store.db, row.id);
    const behind = { after: row.position, most: MAX_COUNTED };
    return {
      id: row.id,
      url: row.url,
      description: row.description,
      feeds: row.feeds,
      status: row.status,
      stopped: row.stopped,
      waiting,
      dead,
      behind: await countAfter(store.db, row.feeds, behind),
      previousSecretUntil:
        row.previousUntil !== null && row.previousUntil > clock.now() ? row.previousUntil : null,
      createdAt: row.createdAt,
    };
  };
  const withSecret = async (row: WebhookRow) => ({
    ...(await view(row)),
    secret: formatWebhookSecret(key.secret(row.id, row.generation)),
  });
  const change = async (
    id: string,
    how: (row: WebhookRow, now: number) => WebhookChange,
  ): Promise<WebhookRow> => {
    const row = await store.transaction(async (trx) => {
      const now = clock.now();
      await changeWebhook(trx, id, how(await found(trx, id), now), now);
      return await found(trx, id);
    });
    workers.get(id)?.notify();
    return row;
  };

  return {
    async list() {
      return await Promise.all((await listWebhooks(store.db)).map(view));
    },
    get: async (id) => view(await found(store.db, id)),
    async add({ url, feeds: asked, description, from }) {
      for (const feed of asked) if (!feeds.has(feed)) throw fabricError("FEED_UNKNOWN", { feed });
      await transport.check(url, { signal: AbortSignal.timeout(CHECK_MS) });
      const wanted = [...new Set(asked)].toSorted();
      const id = `wh_${randomUUID()}`;
      const row = await store.transaction(async (trx) => {
        if ((await countWebhooks(trx)) >= MAX_WEBHOOKS)
          throw fabricError("WEBHOOK_LIMIT", { limit: MAX_WEBHOOKS });
        const position = await logStart(trx, wanted, from);
        await insertWebhook(trx, {
          id,
          url,
          description,
          feeds: wanted,
          position,
          keyId: key.id,
          createdAt: clock.now(),
        });
        return await found(trx, id);
      });
      workers.set(id, startWebhookWorker(shared, row));
      return await withSecret(row);
    },
    async remove(id) {
      if (!(await store.transaction((trx) => deleteWebhook(trx, id))))
        throw fabricError("WEBHOOK_UNKNOWN", { webhook: id });
      const worker = workers.get(id);
      workers.delete(id);
      await worker?.stop();
    },
    rotate: async (id, overlapMs) =>
      withSecret(
        await change(id, (row, now) => ({
          generation: row.generation + 1,
          // What another key derived is lost: there is nothing to overlap with.
          previousUntil: row.keyId === key.id && overlapMs > 0 ? now + overlapMs : null,
          keyId: key.id,
          ...(row.stopped === "WEBHOOK_KEY_CHANGED"
            ? { status: "active" as const, stopped: null }
            : {}),
        })),
      ),
    resume: async (id) => view(await change(id, () => ({ status: "active", stopped: null }))),
    async calls(id, filter) {
      await found(store.db, id);
      return (await listWebhookCalls(store.db, { webhook: id, ...filter })).map(viewCall);
    },
    async replay(id, call) {
      const replayed = await store.transaction(async (trx) => {
        await found(trx, id);
        return await replayWebhookCalls(trx, id, call, clock.now());
      });
      if (replayed === 0 && call !== null)
        throw fabricError("WEBHOOK_CALL_UNKNOWN", { webhook: id, call });
      workers.get(id)?.notify();
      return replayed;
    },
    async stop() {
      unsubscribe();
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      await transport.close();
    },
  };
};
