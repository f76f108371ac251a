import { expect, test } from "vitest";
import { createManualClock } from "../core/manual-clock.ts";
import { createLoopProgress } from "./loop-progress.ts";

test("a loop that ticks within its limit is alive, one that stands still is not", async () => {
  const clock = createManualClock(1_000);
  const progress = createLoopProgress(clock);
  const tick = progress.register("outbox", 100);
  await clock.advance(100);
  expect(progress.read()).toEqual({
    ok: true,
    loops: { outbox: { ok: true, idleMs: 100, limitMs: 100 } },
  });
  await clock.advance(1);
  expect(progress.read().ok).toBe(false);
  tick();
  expect(progress.read().ok).toBe(true);
});

test("one dead loop makes the whole host dead, and an ended loop no longer counts", async () => {
  const clock = createManualClock(0);
  const progress = createLoopProgress(clock);
  const first = progress.register("a", 10);
  progress.register("b", 1_000);
  await clock.advance(500);
  expect(progress.read()).toMatchObject({
    ok: false,
    loops: { a: { ok: false }, b: { ok: true } },
  });
  first.end();
  first();
  expect(progress.read()).toEqual({
    ok: true,
    loops: { b: { ok: true, idleMs: 500, limitMs: 1_000 } },
  });
});
