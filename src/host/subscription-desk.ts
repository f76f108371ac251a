import { randomUUID } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { createWake } from "../core/wake.ts";
import { countAfter, logAfter, newestPosition } from "../store/round-log.ts";
import type { Executor, Store } from "../store/store.ts";
import {
  acknowledgeUpTo,
  countSubscriptions,
  deleteSubscription,
  extendSession,
  findSubscription,
  holdSubscription,
  insertSubscription,
  listSubscriptions,
  seekSubscription,
  type SubscriptionRow,
} from "../store/subscriptions.ts";
import type { FabricEvents } from "./fabric-events.ts";
import { logStart } from "./log-start.ts";
import type { SubscriptionEvent, Subscriptions, SubscriptionView } from "./subscriptions.ts";
import { readRoundView } from "./watch-rounds.ts";

/** How long a silent session is held, ms: longer than the longest question waits. */
export const SESSION_MS = 30_000;
/** Subscriptions of one host. */
const MAX_SUBSCRIPTIONS = 1_000;
/** Questions that may wait for rounds at once. */
const MAX_READERS = 1_000;
/** What waits is counted up to here. */
export const MAX_COUNTED = 10_000;

const isHeld = (row: SubscriptionRow, now: number): boolean =>
  row.session !== null && row.leaseUntil > now;

const found = async (db: Executor, name: string): Promise<SubscriptionRow> => {
  const row = await findSubscription(db, name);
  if (!row) throw fabricError("SUBSCRIPTION_UNKNOWN", { name });
  return row;
};

/** @see Subscriptions */
export const createSubscriptionDesk = (parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly events: FabricEvents;
  readonly feeds: ReadonlySet<FeedId>;
}): Subscriptions => {
  const { store, clock, events, feeds } = parts;
  let readers = 0;

  const known = (asked: readonly FeedId[]): readonly FeedId[] => {
    for (const feed of asked) if (!feeds.has(feed)) throw fabricError("FEED_UNKNOWN", { feed });
    return [...new Set(asked)].toSorted();
  };
  const view = async (row: SubscriptionRow): Promise<SubscriptionView> => {
    const held = isHeld(row, clock.now());
    const behind = { after: row.position, most: MAX_COUNTED };
    return {
      name: row.name,
      feeds: row.feeds,
      position: row.position,
      waiting: await countAfter(store.db, row.feeds, behind),
      createdAt: row.createdAt,
      acknowledgedAt: row.acknowledgedAt,
      consumer: held ? row.consumer : null,
      heldUntil: held ? row.leaseUntil : null,
    };
  };

  /** Holds the session longer; a silent one counts as long as nobody else came. Throws `SUBSCRIPTION_LOST`. */
  const hold = async (trx: Executor, name: string, session: string): Promise<SubscriptionRow> => {
    const row = await found(trx, name);
    const until = clock.now() + SESSION_MS;
    if (!(await extendSession(trx, { name, session, until })))
      throw fabricError("SUBSCRIPTION_LOST", { name });
    return row;
  };
  const holdNow = (name: string, session: string): Promise<SubscriptionRow> =>
    store.transaction((trx) => hold(trx, name, session), { sync: "later" });

  const page = async (
    asked: readonly FeedId[],
    after: number,
    limit: number,
  ): Promise<readonly SubscriptionEvent[]> => {
    const logged = await logAfter(store.db, asked, { after, limit });
    return await Promise.all(
      logged.map(async ({ position, row }) => ({
        position,
        round: await readRoundView(store, row),
      })),
    );
  };

  /** Looks until there is something, the time is over or the signal aborts. */
  const waitFor = async (
    row: SubscriptionRow,
    { after, limit, waitMs }: { after: number; limit: number; waitMs: number },
    signal: AbortSignal | undefined,
  ): Promise<readonly SubscriptionEvent[]> => {
    const wake = createWake(clock);
    const wanted = new Set(row.feeds);
    const end = events.subscribe((event) => {
      if (event.type === "round-committed" && wanted.has(event.round.feed)) wake.notify();
    });
    const deadline = clock.monotonic() + waitMs;
    const quiet = signal ?? new AbortController().signal;
    try {
      for (;;) {
        const logged = await page(row.feeds, after, limit);
        const left = deadline - clock.monotonic();
        if (logged.length > 0 || left <= 0 || quiet.aborted) return logged;
        await wake.wait(left, { signal: quiet }).catch(() => undefined);
      }
    } finally {
      end();
    }
  };

  return {
    async list() {
      return await Promise.all((await listSubscriptions(store.db)).map(view));
    },
    get: async (name) => view(await found(store.db, name)),
    async ensure({ name, feeds: asked, from }) {
      const wanted = known(asked);
      const row = await store.transaction(async (trx) => {
        const there = await findSubscription(trx, name);
        if (there) {
          if (there.feeds.join(",") === wanted.join(",")) return there;
          throw fabricError("SUBSCRIPTION_DIFFERS", { name, feeds: there.feeds.join(", ") });
        }
        if ((await countSubscriptions(trx)) >= MAX_SUBSCRIPTIONS)
          throw fabricError("SUBSCRIPTION_LIMIT", { limit: MAX_SUBSCRIPTIONS });
        const position = await logStart(trx, wanted, from);
        await insertSubscription(trx, { name, feeds: wanted, position, createdAt: clock.now() });
        return await found(trx, name);
      });
      return await view(row);
    },
    async remove(name) {
      if (!(await store.transaction((trx) => deleteSubscription(trx, name))))
        throw fabricError("SUBSCRIPTION_UNKNOWN", { name });
    },
    open: (name, consumer) =>
      store.transaction(
        async (trx) => {
          const row = await found(trx, name);
          const now = clock.now();
          if (isHeld(row, now) && row.consumer !== consumer)
            throw fabricError("SUBSCRIPTION_TAKEN", {
              name,
              consumer: row.consumer ?? "somebody",
              until: new Date(row.leaseUntil).toISOString(),
            });
          const session = randomUUID();
          await holdSubscription(trx, name, { session, consumer, until: now + SESSION_MS });
          return { session, leaseMs: SESSION_MS, position: row.position };
        },
        { sync: "later" },
      ),
    async renew(name, session) {
      const { position } = await holdNow(name, session);
      return { session, leaseMs: SESSION_MS, position };
    },
    release: (name, session) =>
      store.transaction(
        async (trx) => {
          const row = await found(trx, name);
          if (row.session === session) await holdSubscription(trx, name, null);
        },
        { sync: "later" },
      ),
    async pull(name, { session, after, limit, waitMs }, options) {
      const row = await holdNow(name, session);
      const from = { after: Math.max(after ?? 0, row.position), limit };
      if (waitMs === 0) return await page(row.feeds, from.after, limit);
      if (readers >= MAX_READERS) throw fabricError("SUBSCRIPTION_READERS", { limit: MAX_READERS });
      readers += 1;
      try {
        const logged = await waitFor(row, { ...from, waitMs }, options?.signal);
        // Another consumer may have come meanwhile: what it reads is not given out twice.
        await holdNow(name, session);
        return logged;
      } finally {
        readers -= 1;
      }
    },
    acknowledge: (name, session, position) =>
      store.transaction(
        async (trx) => {
          await hold(trx, name, session);
          const newest = await newestPosition(trx);
          if (position > newest)
            throw fabricError("SUBSCRIPTION_ACK_AHEAD", { name, position, newest });
          await acknowledgeUpTo(trx, { name, position, at: clock.now() });
        },
        // Lost in a power cut, the events come again.
        { sync: "later" },
      ),
    async seek(name, to) {
      await store.transaction(async (trx) => {
        const row = await found(trx, name);
        await seekSubscription(trx, name, await logStart(trx, row.feeds, to));
      });
      return await view(await found(store.db, name));
    },
  };
};
