import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createManualClock } from "./manual-clock.ts";
import { atMarketTime, createMarketClock, readMarketTime } from "./market-clock.ts";

const NOON = Date.parse("2026-03-01T12:00:00Z");
const MIDNIGHT = Date.parse("2026-03-02T00:00:00Z");

describe("createMarketClock", () => {
  it("tells the machine's time until it is told otherwise", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: null, speed: 1 }, real);
    await real.advance(1_500);
    expect(clock).toMatchObject({ speed: 1, moved: false });
    expect(clock.now()).toBe(NOON + 1_500);
    clock.advance(60_000);
    expect(clock.moved).toBe(true);
    expect(clock.now()).toBe(NOON + 61_500);
  });

  it("begins where it is put and goes at its speed", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 60 }, real);
    await real.advance(2_000);
    expect(clock.now()).toBe(MIDNIGHT + 120_000);
    expect(clock.monotonic()).toBe(120_000);
    clock.setSpeed(1);
    await real.advance(1_000);
    expect(clock.now()).toBe(MIDNIGHT + 121_000);
  });

  it("stands still at speed 0 until it is moved", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 0 }, real);
    await real.advance(10_000);
    expect(clock.now()).toBe(MIDNIGHT);
    clock.advance(5);
    expect(clock.now()).toBe(MIDNIGHT + 5);
  });

  it("shows the same time to who reads its memory", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 10 }, real);
    const other = readMarketTime(clock.shared, () => real.now());
    await real.advance(300);
    clock.advance(1_000);
    await real.advance(300);
    clock.setSpeed(0);
    await real.advance(300);
    expect(other()).toBe(clock.now());
    expect(other()).toBe(MIDNIGHT + 7_000);
  });

  it("does not follow a machine whose clock is set back", () => {
    let wall = NOON;
    const real = { ...createManualClock(), now: () => wall };
    const clock = createMarketClock({ at: null, speed: 1 }, real);
    wall += 5_000;
    const before = clock.now();
    wall -= 3_600_000;
    expect(clock.now()).toBe(before);
  });
});

describe("sleeping in market time", () => {
  it("takes the real time that the speed makes of it", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 60 }, real);
    let woke = false;
    const sleeping = clock.sleep(60_000).then(() => (woke = true));
    await real.advance(999);
    expect(woke).toBe(false);
    await real.advance(1);
    await sleeping;
  });

  it("ends when the clock is moved past it, and waits on when it is moved less", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 0 }, real);
    let woke = false;
    const sleeping = clock.sleep(60_000).then(() => (woke = true));
    clock.advance(59_999);
    await real.advance(1);
    expect(woke).toBe(false);
    clock.advance(1);
    await sleeping;
  });

  it("goes on at another speed", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: MIDNIGHT, speed: 1 }, real);
    const sleeping = clock.sleep(10_000);
    await real.advance(5_000);
    clock.setSpeed(1_000);
    await real.advance(5);
    await sleeping;
    expect(clock.now()).toBe(MIDNIGHT + 10_000);
  });

  it("ends with the reason of its signal, and leaves nobody waiting", async () => {
    const real = createManualClock(NOON);
    const clock = createMarketClock({ at: null, speed: 1 }, real);
    const stop = new AbortController();
    const sleeping = clock.sleep(10_000, { signal: stop.signal });
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(1, { signal: stop.signal })).rejects.toBe(reason);
    expect(real.sleepers).toBe(0);
  });
});

it("never goes back, whatever is done to it", () => {
  const step = fc.oneof(
    fc.record({ advance: fc.integer({ min: -1_000, max: 1_000_000 }) }),
    fc.record({ speed: fc.integer({ min: 0, max: 3_600 }) }),
    fc.record({ real: fc.integer({ min: -100_000, max: 100_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      let wall = NOON;
      const clock = createMarketClock(
        { at: MIDNIGHT, speed: 1 },
        { ...createManualClock(), now: () => wall },
      );
      const other = readMarketTime(clock.shared, () => wall);
      let last = clock.now();
      for (const each of steps) {
        if ("advance" in each) clock.advance(each.advance);
        else if ("speed" in each) clock.setSpeed(each.speed);
        else wall += each.real;
        const now = clock.now();
        expect(now).toBeGreaterThanOrEqual(last);
        expect(Number.isSafeInteger(now)).toBe(true);
        expect(Math.abs(other() - now)).toBeLessThanOrEqual(1);
        last = now;
      }
    }),
  );
});

it("atMarketTime tells market time and keeps the machine's pace", async () => {
  const pace = createManualClock(NOON);
  const clock = atMarketTime(createMarketClock({ at: MIDNIGHT, speed: 3_600 }, pace), pace);
  let woke = false;
  const sleeping = clock.sleep(100).then(() => (woke = true));
  await pace.advance(99);
  expect(woke).toBe(false);
  expect(clock.now()).toBe(MIDNIGHT + 99 * 3_600);
  await pace.advance(1);
  await sleeping;
  expect(clock.monotonic()).toBe(100);
});
