// Child of exactly-once.test.ts: commits rounds, publishes them and applies each as a consumer, until all are applied.
// `carry-rounds.mjs <database file> <count> [<nats url>]`; says `applied` on stdout after each effect.
import { writeSync } from "node:fs";
import { createMemoryBus } from "../../dist/src/bus/memory/memory-bus.js";
import { createNatsBus } from "../../dist/src/bus/nats/nats-bus.js";
import { systemClock } from "../../dist/src/core/clock.js";
import { createLog } from "../../dist/src/core/log.js";
import { createOutboxPublisher } from "../../dist/src/host/outbox-publisher.js";
import { applyOnce } from "../../dist/src/store/apply-once.js";
import { createStoreBusLog } from "../../dist/src/store/bus-log.js";
import { openStore } from "../../dist/src/store/open-store.js";
import { appendOutbox } from "../../dist/src/store/outbox.js";
import { moveCursor, readCursor } from "../../dist/src/store/trigger-cursors.js";

const [, , file, countText, url] = process.argv;
const count = Number(countText);
const store = await openStore({ driver: "libsql", file });
const bus = url
  ? await createNatsBus({ servers: [url], name: "child" })
  : await createMemoryBus({ log: createStoreBusLog(store) });
await bus.ensureStream({
  name: "ROUNDS",
  subjects: ["round.>"],
  maxAgeMs: 3_600_000,
  duplicateWindowMs: 3_600_000,
});
const publisher = createOutboxPublisher({
  store,
  bus,
  clock: systemClock,
  log: createLog({ level: "silent" }),
  progress: () => undefined,
});
const addTo = async (trx, id) => {
  const next = Number((await readCursor(trx, id)) ?? "0") + 1;
  await moveCursor(trx, id, String(next), 1);
  return next;
};

let applied = 0;
await bus.consume(
  { stream: "ROUNDS", durable: "effects", ackWaitMs: 300, maxDeliver: 1_000, maxInFlight: 4 },
  async ({ stream, sequence, messageId }) => {
    await store.transaction((trx) =>
      applyOnce(trx, { stream, consumer: "effects", sequence, messageId }, 1, async () => {
        await addTo(trx, `effect:${messageId}`);
        applied = await addTo(trx, "applied");
      }),
    );
    writeSync(1, "applied\n");
    if (applied === count) writeSync(1, "done\n");
  },
);
for (;;) {
  const committed = await store.transaction(async (trx) => {
    const round = await addTo(trx, "committed");
    if (round > count) return false;
    await appendOutbox(
      trx,
      { subject: "round.gold", messageId: `cryptlet:gold:${round}`, payload: new Uint8Array(500) },
      1,
    );
    return true;
  });
  if (!committed) break;
  publisher.notify();
}
if (applied === count) writeSync(1, "done\n");
