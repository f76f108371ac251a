import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviates, publishReason, type Comparable } from "./publish-reason.ts";
import type { FeedSchedule } from "./schedule.ts";

const MILLION = 1_000_000n;
const price = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const ppm = fc.bigInt({ min: 0n, max: MILLION });
const decimal = (answer: bigint): Comparable => ({ kind: "decimal", answer });

describe("deviates", () => {
  it("begins exactly at the threshold", () => {
    expect(deviates(1_000_000n, 1_004_999n, 5_000n)).toBe(false);
    expect(deviates(1_000_000n, 1_005_000n, 5_000n)).toBe(true);
    expect(deviates(1_000_000n, 995_000n, 5_000n)).toBe(true);
    expect(deviates(-1_000_000n, -995_000n, 5_000n)).toBe(true);
    expect(deviates(-1_000_000n, -995_001n, 5_000n)).toBe(false);
    expect(deviates(1n, -1n, MILLION)).toBe(true);
  });

  it("is never true for no change, and from zero always true for one", () => {
    fc.assert(
      fc.property(price, price, ppm, (a, b, threshold) => {
        expect(deviates(a, a, threshold)).toBe(false);
        expect(deviates(0n, b, threshold)).toBe(b !== 0n);
        expect(deviates(a, b, 0n)).toBe(a !== b);
      }),
    );
  });

  it("depends neither on sign nor on the feed's decimals", () => {
    fc.assert(
      fc.property(price, price, ppm, fc.integer({ min: 0, max: 18 }), (a, b, threshold, shift) => {
        const scale = 10n ** BigInt(shift);
        const expected = deviates(a, b, threshold);
        expect(deviates(-a, -b, threshold)).toBe(expected);
        expect(deviates(a * scale, b * scale, threshold)).toBe(expected);
      }),
    );
  });

  it("stays true for a larger change to the same side, and for a smaller threshold", () => {
    fc.assert(
      fc.property(price, price, ppm, fc.bigInt({ min: 0n, max: 10n ** 30n }), (a, b, t, more) => {
        if (!deviates(a, b, t)) return;
        expect(deviates(a, b > a ? b + more : b - more, t)).toBe(true);
        expect(deviates(a, b, t / 2n)).toBe(true);
      }),
    );
  });

  it("agrees with exact fractions", () => {
    fc.assert(
      fc.property(price, ppm, fc.bigInt({ min: 1n, max: MILLION }), (base, threshold, step) => {
        const before = base * MILLION;
        // `step` parts per million away, exactly.
        const after = before + base * step;
        expect(deviates(before, after, threshold)).toBe(base !== 0n && step >= threshold);
      }),
    );
  });
});

describe("publishReason", () => {
  const schedule: FeedSchedule = { intervalMs: 1_000, heartbeatMs: 10_000, deviationPpm: 5_000 };
  const ask = (
    answer: bigint,
    age: number,
    change: { readonly schedule?: FeedSchedule; readonly before?: Comparable } = {},
  ) =>
    publishReason({
      previous: { value: change.before ?? decimal(1_000_000n), issuedAt: 1_000_000 },
      next: decimal(answer),
      now: 1_000_000 + age,
      schedule: change.schedule ?? schedule,
    });

  it("publishes the first value, whatever it is", () => {
    const first = publishReason({ previous: null, next: decimal(0n), now: 5, schedule });
    expect(first).toBe("first");
  });

  it("publishes a change that is large enough, and says that it was one", () => {
    expect(ask(1_005_000n, 1_000)).toBe("deviation");
    expect(ask(1_004_999n, 1_000)).toBeNull();
    expect(ask(1_005_000n, 60_000)).toBe("deviation");
  });

  it("publishes without a change when the next run would be too late", () => {
    expect(ask(1_000_000n, 9_000)).toBeNull();
    expect(ask(1_000_000n, 9_001)).toBe("heartbeat");
    expect(ask(1_000_000n, 500_000)).toBe("heartbeat");
  });

  it("does not look at changes when only the heartbeat counts", () => {
    const silent = { ...schedule, deviationPpm: null };
    expect(ask(9_000_000n, 1_000, { schedule: silent })).toBeNull();
    expect(ask(9_000_000n, 9_500, { schedule: silent })).toBe("heartbeat");
  });

  it("publishes when the clock went back behind the last round", () => {
    expect(ask(1_000_000n, -1)).toBe("heartbeat");
  });

  it("compares records by digest, and sees a feed that changed its kind", () => {
    const record = (digest: string): Comparable => ({ kind: "record", digest });
    const compare = (before: Comparable, next: Comparable) =>
      publishReason({ previous: { value: before, issuedAt: 0 }, next, now: 1, schedule });
    expect(compare(record("a"), record("a"))).toBeNull();
    expect(compare(record("a"), record("b"))).toBe("deviation");
    expect(compare(record("a"), decimal(1n))).toBe("deviation");
    expect(compare(decimal(1n), record("a"))).toBe("deviation");
  });

  it("never lets a silence outlast the heartbeat while runs are on time", () => {
    const pace = fc
      .record({
        intervalMs: fc.integer({ min: 100, max: 5_000 }),
        factor: fc.integer({ min: 100, max: 2_000 }),
      })
      .map(({ intervalMs, factor }) => ({
        intervalMs,
        heartbeatMs: Math.floor((intervalMs * factor) / 100),
        deviationPpm: null,
      }));
    fc.assert(
      fc.property(pace, (plan) => {
        let issuedAt = 0;
        for (let now = plan.intervalMs; now < plan.intervalMs * 60; now += plan.intervalMs) {
          const previous = { value: decimal(1n), issuedAt };
          if (publishReason({ previous, next: decimal(1n), now, schedule: plan })) {
            expect(now - issuedAt).toBeLessThanOrEqual(plan.heartbeatMs);
            issuedAt = now;
          }
          expect(now - issuedAt).toBeLessThanOrEqual(plan.heartbeatMs);
        }
      }),
    );
  });
});
