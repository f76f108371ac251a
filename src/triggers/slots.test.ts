import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextSlot, phaseOf, slotAt } from "./slots.ts";

const interval = fc.integer({ min: 100, max: 86_400_000 });
const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe("slots", () => {
  it("are whole intervals from the feed's phase, the latest one that has come", () => {
    fc.assert(
      fc.property(fc.string(), interval, moment, (feed, intervalMs, at) => {
        const phase = phaseOf(feed, intervalMs);
        expect(phase).toBeGreaterThanOrEqual(0);
        expect(phase).toBeLessThan(intervalMs);
        const slot = slotAt(at, intervalMs, phase);
        expect(Math.abs((slot - phase) % intervalMs)).toBe(0);
        expect(slot).toBeLessThanOrEqual(at);
        expect(slot + intervalMs).toBeGreaterThan(at);
      }),
    );
  });

  it("spread many feeds evenly", () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 1_000; i += 1) {
      const tenth = Math.floor(phaseOf(`feed-${i}`, 60_000) / 6_000);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count).toBeGreaterThan(60);
  });
});

describe("nextSlot", () => {
  it("never gives a slot twice and never an older one, whatever the clock does", () => {
    fc.assert(
      fc.property(interval, fc.array(moment, { maxLength: 30 }), (intervalMs, times) => {
        let last: number | null = null;
        for (const at of times) {
          const { slot, missed } = nextSlot(at, last, intervalMs, 7);
          if (last !== null) {
            expect(slot).toBeGreaterThanOrEqual(last + intervalMs);
            expect(missed).toBe((slot - last) / intervalMs - 1);
          } else expect(missed).toBe(0);
          last = slot;
        }
      }),
    );
  });

  it("makes one event of what was missed", () => {
    expect(nextSlot(10_500, 2_000, 1_000, 0)).toEqual({ slot: 10_000, missed: 7 });
    expect(nextSlot(3_000, 2_000, 1_000, 0)).toEqual({ slot: 3_000, missed: 0 });
  });

  it("counts on when the clock went back", () => {
    expect(nextSlot(500, 9_000, 1_000, 0)).toEqual({ slot: 10_000, missed: 0 });
  });

  it("comes back to the grid when the interval was changed", () => {
    expect(nextSlot(10_500, 9_123, 1_000, 0)).toEqual({ slot: 10_000, missed: 0 });
    expect(nextSlot(13_500, 10_123, 1_000, 0)).toEqual({ slot: 13_000, missed: 1 });
  });
});
