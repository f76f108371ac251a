import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Bus, StreamConfig } from "../../src/bus/bus.ts";
import { MAX_PAYLOAD } from "../../src/bus/checks.ts";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { createLog, type Log } from "../../src/core/log.ts";
import { createOutboxPublisher, type OutboxPublisher } from "../../src/host/outbox-publisher.ts";
import { commitRound } from "../../src/store/commit-round.ts";
import { openStore } from "../../src/store/open-store.ts";
import { appendOutbox, outboxBacklog } from "../../src/store/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { busDrivers, type BusHome } from "../contract/bus-drivers.ts";
import { createInbox, type Inbox } from "../support/inbox.ts";
import { roundCommit } from "../support/rounds.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const stream: StreamConfig = {
  name: "ROUNDS",
  subjects: ["cryptlet.feed.>"],
  maxAgeMs: DAY_MS,
  duplicateWindowMs: DAY_MS,
};

const ids = (feed: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `cryptlet:${feed}:${i + 1}`);

for (const driver of busDrivers)
  describe.runIf(driver.available(`outbox publisher: ${driver.name}`))(
    `outbox publisher: ${driver.name}`,
    () => {
      let home: BusHome;
      let store: Store;
      let bus: Bus;
      let number = 0;
      beforeAll(async () => {
        home = await driver.start();
      });
      afterAll(() => home.end());

      const begin = async (): Promise<void> => {
        store = await openStore({ driver: "libsql", file: path.join(temporaryFolder(), "a.db") });
        bus = await home.open();
        onTestFinished(async () => {
          await bus.close();
          await store.close();
        });
        await bus.ensureStream(stream);
      };
      /** A feed of the test's own: the stream is shared. */
      const freshFeed = (): string => {
        number += 1;
        return `feed-${number}`;
      };
      const start = (
        change: { readonly clock?: Clock; readonly log?: Log; readonly sent?: Inbox<string> } = {},
      ): OutboxPublisher => {
        const publisher = createOutboxPublisher({
          store,
          bus,
          clock: change.clock ?? systemClock,
          log: change.log ?? createLog({ level: "silent" }),
          progress: () => undefined,
          published: (row) => change.sent?.add(row.messageId),
        });
        onTestFinished(() => publisher.stop());
        return publisher;
      };
      const read = async (feed: string): Promise<Inbox<string>> => {
        const inbox = createInbox<string>();
        const options = { stream: stream.name, durable: feed, ackWaitMs: 500, maxDeliver: 30 };
        await bus.consume({ ...options, filterSubject: `cryptlet.feed.${feed}` }, async (m) => {
          // A server that was killed may deliver again what was acknowledged just before: at least once.
          const id = m.messageId ?? "none";
          if (!inbox.items.includes(id)) inbox.add(id);
        });
        return inbox;
      };

      it("publishes what was committed, in order, before and after it started", async () => {
        await begin();
        const feed = freshFeed();
        const commit = (round: number): Promise<void> =>
          store.transaction((trx) => commitRound(trx, roundCommit(feed, round)));
        for (let round = 1; round <= 70; round += 1) await commit(round);
        const publisher = start();
        const inbox = await read(feed);
        await inbox.until(70);
        for (let round = 71; round <= 75; round += 1) await commit(round);
        publisher.notify();
        expect(await inbox.until(75)).toEqual(ids(feed, 75));
        await publisher.stop();
        expect((await outboxBacklog(store.db)).waiting).toBe(0);
      });

      it("finds by itself what nobody told it about", async () => {
        await begin();
        const feed = freshFeed();
        const clock = createManualClock(Date.now());
        start({ clock });
        const inbox = await read(feed);
        await store.transaction((trx) => commitRound(trx, roundCommit(feed, 1)));
        while (inbox.items.length === 0) await clock.advance(1_000);
        expect(inbox.items).toEqual(ids(feed, 1));
      });

      it("publishes once although it died between publishing and marking", async () => {
        await begin();
        const feed = freshFeed();
        for (let round = 1; round <= 3; round += 1)
          await store.transaction((trx) => commitRound(trx, roundCommit(feed, round)));
        const before = await bus.streamState(stream.name);
        // What a publisher that died there leaves behind: the bus has the message, the outbox does not know.
        const { subject, payload, messageId } = roundCommit(feed, 1).outbox;
        await bus.publish(subject, payload, { messageId });
        const publisher = start();
        const inbox = await read(feed);
        await inbox.until(3);
        await publisher.stop();
        expect(inbox.items).toEqual(ids(feed, 3));
        const after = await bus.streamState(stream.name);
        expect(after.lastSequence - before.lastSequence).toBe(3);
        expect((await outboxBacklog(store.db)).waiting).toBe(0);
      });

      it("is not held up by a subject without a stream, nor by an entry that is too large", async () => {
        await begin();
        const feed = freshFeed();
        const lines = createInbox<string>();
        const log = createLog({ level: "warn", destination: { write: (line) => lines.add(line) } });
        const other = {
          subject: "elsewhere.x",
          messageId: `x:${feed}`,
          payload: new Uint8Array(1),
        };
        const large = {
          subject: `cryptlet.feed.${feed}`,
          messageId: `large:${feed}`,
          payload: new Uint8Array(MAX_PAYLOAD + 1),
        };
        await appendOutbox(store.db, other, 1);
        await appendOutbox(store.db, large, 2);
        await store.transaction((trx) => commitRound(trx, roundCommit(feed, 1)));
        const publisher = start({ log });
        expect(await (await read(feed)).until(1)).toEqual(ids(feed, 1));
        await lines.until(2);
        await publisher.stop();
        expect(lines.items.join()).toContain("BUS_PAYLOAD_TOO_LARGE");
        expect(lines.items.join()).toContain("BUS_STREAM_MISSING");
        expect((await outboxBacklog(store.db)).waiting).toBe(2);
      });

      it("publishes what waits before it stops", async () => {
        await begin();
        const feed = freshFeed();
        const clock = createManualClock(Date.now());
        const publisher = start({ clock });
        await store.transaction((trx) => commitRound(trx, roundCommit(feed, 1)));
        await publisher.stop();
        expect((await outboxBacklog(store.db)).waiting).toBe(0);
      });

      it("ends when the bus is closed, and what waits goes on waiting", async () => {
        await begin();
        const feed = freshFeed();
        await store.transaction((trx) => commitRound(trx, roundCommit(feed, 1)));
        await bus.close();
        await start().stop();
        expect((await outboxBacklog(store.db)).waiting).toBe(1);
      });

      it("loses nothing and repeats nothing while the bus crashes and comes back", async () => {
        if (driver.name === "memory") return;
        await begin();
        const feed = freshFeed();
        const before = await bus.streamState(stream.name);
        const sent = createInbox<string>();
        const publisher = start({ sent });
        const inbox = await read(feed);
        const commits = async (from: number, to: number): Promise<void> => {
          for (let round = from; round <= to; round += 1) {
            await store.transaction((trx) => commitRound(trx, roundCommit(feed, round)));
            publisher.notify();
          }
        };
        for (const step of [0, 1, 2]) {
          const committing = commits(step * 60 + 1, step * 60 + 60);
          await sent.until(step * 60 + 5);
          await Promise.all([home.crash(), committing]);
        }
        expect(await inbox.until(180)).toEqual(ids(feed, 180));
        await publisher.stop();
        const after = await bus.streamState(stream.name);
        expect(after.lastSequence - before.lastSequence).toBe(180);
        expect((await outboxBacklog(store.db)).waiting).toBe(0);
      });
    },
  );
