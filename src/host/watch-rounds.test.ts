import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commitSignedRound, GOLD } from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { createFabricEvents } from "./fabric-events.ts";
import { watchRounds } from "./watch-rounds.ts";

const open = async () => {
  const store = await openStore({
    driver: "libsql",
    file: path.join(temporaryFolder(), "fabric.db"),
  });
  onTestFinished(() => store.close());
  const events = createFabricEvents((error) => {
    throw error as Error;
  });
  return { store, events };
};

const commit = async (
  parts: { store: Store; events: ReturnType<typeof createFabricEvents> },
  round: number,
) => {
  const view = await commitSignedRound(parts.store, round, {
    issuedAt: 1_768_492_801_250 + round,
  });
  parts.events.emit({
    type: "round-committed",
    round: { ...view, deliveries: [] },
    outboxMessageId: `cryptlet:xau-usd:${round}`,
    signer: "",
  });
};

const take = async (rounds: AsyncGenerator<{ readonly round: number }>, count: number) => {
  const seen: number[] = [];
  while (seen.length < count) {
    const next = await rounds.next();
    if (next.done) break;
    seen.push(next.value.round);
  }
  return seen;
};

test("a watcher gets what was committed before and then each new round, in order and once", async () => {
  const parts = await open();
  for (const round of [1, 2, 3]) await commit(parts, round);
  const controller = new AbortController();
  const rounds = watchRounds(parts, GOLD, { afterRound: 1, signal: controller.signal });
  expect(await take(rounds, 2)).toEqual([2, 3]);
  const next = take(rounds, 2);
  await commit(parts, 4);
  await commit(parts, 5);
  expect(await next).toEqual([4, 5]);
  controller.abort();
  expect(await take(rounds, 1)).toEqual([]);
});

test("rounds that are committed while the reader is slow are not lost", async () => {
  const parts = await open();
  const controller = new AbortController();
  const rounds = watchRounds(parts, GOLD, { afterRound: 0, signal: controller.signal });
  await commit(parts, 1);
  expect(await take(rounds, 1)).toEqual([1]);
  for (let round = 2; round <= 250; round += 1) await commit(parts, round);
  const seen = await take(rounds, 249);
  expect(seen).toEqual(Array.from({ length: 249 }, (_, index) => index + 2));
  controller.abort();
});

test("an aborted watcher ends while it waits", async () => {
  const parts = await open();
  const controller = new AbortController();
  const waiting = watchRounds(parts, GOLD, { afterRound: 0, signal: controller.signal }).next();
  controller.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});
