import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createManualClock } from "../../core/manual-clock.ts";
import { chainNameSchema, feedIdSchema } from "../../core/ids.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { createSpendingGuard, type SpendingBudget } from "./create-spending-guard.ts";
import { unlimitedSpending, type SpendingGuard } from "./spending-guard.ts";

const CHAIN = chainNameSchema.parse("local");
const FEED = feedIdSchema.parse("xau-usd");
const CONTRACT = `0x${"11".repeat(20)}`;
const purse = { feed: FEED, contract: CONTRACT };
const HOUR = 3_600_000;
/** A whole number of slices, so that times are easy to say. */
const START = 1_000 * HOUR;

const setUp = async (budgets: readonly SpendingBudget[], now = START) => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  const clock = createManualClock(now);
  const guard = (changed = budgets): SpendingGuard =>
    createSpendingGuard({ chain: CHAIN, budgets: changed, clock });
  return { store, clock, guard };
};
const reserve = (store: Store, guard: SpendingGuard, delivery: string, maxWei: bigint) =>
  store.transaction((trx) => guard.reserve(trx, { delivery, ...purse, maxWei }));
const settle = (store: Store, guard: SpendingGuard, delivery: string, wei: bigint) =>
  store.transaction((trx) => guard.settle(trx, delivery, wei));
const hourly = (wei: bigint): SpendingBudget => ({ ...purse, wei, windowMs: HOUR });

describe("a budget", () => {
  it("is reserved before, settled after, and free again when the window has passed", async () => {
    const { store, clock, guard } = await setUp([hourly(100n)]);
    const spending = guard();
    expect(await reserve(store, spending, "a", 80n)).toEqual({ ok: true });
    const refused = await reserve(store, spending, "b", 30n);
    expect(refused).toMatchObject({ ok: false, error: { code: "BUDGET_EXHAUSTED" } });
    await settle(store, spending, "a", 60n);
    expect(await reserve(store, spending, "b", 30n)).toEqual({ ok: true });
    await settle(store, spending, "b", 30n);
    const later = await reserve(store, spending, "c", 11n);
    if (later.ok || later.until === null) throw new Error("expected a time");
    // When it says, and not a slice earlier.
    expect(later.until - clock.now()).toBe(HOUR + HOUR / 64);
    await clock.advance(later.until - clock.now() - 1);
    expect(await reserve(store, spending, "c", 11n)).toMatchObject({ ok: false });
    await clock.advance(1);
    expect(await reserve(store, spending, "c", 100n)).toEqual({ ok: true });
  });

  it("is never used up by a receipt that says more than was reserved", async () => {
    const { store, guard } = await setUp([hourly(100n)]);
    const spending = guard();
    await reserve(store, spending, "a", 80n);
    await settle(store, spending, "a", 10n ** 60n);
    expect(await reserve(store, spending, "b", 20n)).toEqual({ ok: true });
  });

  it("takes only the difference for a replacement, and gives nothing back for a cheaper one", async () => {
    const { store, guard } = await setUp([hourly(100n)]);
    const spending = guard();
    await reserve(store, spending, "a", 80n);
    expect(await reserve(store, spending, "a", 100n)).toEqual({ ok: true });
    expect(await reserve(store, spending, "a", 10n)).toEqual({ ok: true });
    expect(await reserve(store, spending, "b", 1n)).toMatchObject({ ok: false });
    expect(await reserve(store, spending, "a", 101n)).toMatchObject({ ok: false, until: null });
    expect(await spending.report(store.db)).toEqual([
      { ...purse, wei: 100n, windowMs: HOUR, spent: 0n, reserved: 100n },
    ]);
  });

  it("counts what is open however old it is, and survives a restart", async () => {
    const { store, clock, guard } = await setUp([hourly(100n)]);
    await reserve(store, guard(), "a", 90n);
    await clock.advance(100 * HOUR);
    const restarted = guard();
    expect(await reserve(store, restarted, "b", 20n)).toMatchObject({ ok: false });
    await settle(store, restarted, "a", 0n);
    await settle(store, restarted, "a", 90n);
    expect(await reserve(store, restarted, "b", 100n)).toEqual({ ok: true });
  });

  it("is taken with its caller's transaction or not at all", async () => {
    const { store, guard } = await setUp([hourly(100n)]);
    const failing = store.transaction(async (trx) => {
      await guard().reserve(trx, { delivery: "a", ...purse, maxWei: 100n });
      throw new Error("no nonce");
    });
    await expect(failing).rejects.toThrow("no nonce");
    expect(await reserve(store, guard(), "b", 100n)).toEqual({ ok: true });
  });

  it("is each binding's own, and absent where none was given", async () => {
    const { store, guard } = await setUp([hourly(10n)]);
    const other = { feed: FEED, contract: `0x${"22".repeat(20)}`, maxWei: 10n ** 30n };
    const decide = (which: SpendingGuard, delivery: string) =>
      store.transaction((trx) => which.reserve(trx, { delivery, ...other }));
    await reserve(store, guard(), "a", 10n);
    expect(await decide(guard(), "b")).toEqual({ ok: true });
    await settle(store, guard(), "b", 10n ** 30n);
    expect(await decide(unlimitedSpending, "c")).toEqual({ ok: true });
    const both = guard([hourly(10n), { ...other, wei: 5n, windowMs: HOUR }, hourly(99n)]);
    expect(await reserve(store, both, "d", 1n)).toMatchObject({ ok: false });
    expect(await both.report(store.db)).toMatchObject([{ reserved: 10n }, { spent: 0n }]);
  });

  it("may get another window: what was paid in it counts", async () => {
    const { store, clock, guard } = await setUp([hourly(100n)]);
    await reserve(store, guard(), "a", 100n);
    await settle(store, guard(), "a", 100n);
    await clock.advance(2 * HOUR);
    expect(await reserve(store, guard(), "b", 1n)).toEqual({ ok: true });
    const longer = guard([{ ...purse, wei: 100n, windowMs: 24 * HOUR }]);
    expect(await reserve(store, longer, "c", 1n)).toMatchObject({ ok: false });
  });

  it("is not blocked for ever by a clock that was a year ahead", async () => {
    const year = 365 * 24 * HOUR;
    const { store, guard } = await setUp([hourly(100n)], START + year);
    await reserve(store, guard(), "a", 100n);
    await settle(store, guard(), "a", 100n);
    const clock = createManualClock(START);
    const back = createSpendingGuard({ chain: CHAIN, budgets: [hourly(100n)], clock });
    expect(await reserve(store, back, "b", 1n)).toMatchObject({ ok: false });
    await clock.advance(2 * HOUR);
    expect(await reserve(store, back, "b", 100n)).toEqual({ ok: true });
  });
});

type Step =
  | { readonly kind: "reserve"; readonly delivery: number; readonly wei: bigint }
  | { readonly kind: "settle"; readonly delivery: number; readonly part: number }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("reserve" as const),
    delivery: fc.nat(6),
    // Far above what 64 bits hold.
    wei: fc.bigInt({ min: 0n, max: 60n }).map((n) => n * 10n ** 21n),
  }),
  fc.record({
    kind: fc.constant("settle" as const),
    delivery: fc.nat(6),
    part: fc.integer({ min: 0, max: 100 }),
  }),
  fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.nat(HOUR) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

it("never lets more be paid in any window than the budget, under any order of events", async () => {
  const LIMIT = 100n * 10n ** 21n;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const store = await openStore({ driver: "libsql", file: ":memory:" });
      const clock = createManualClock(START);
      const make = () => createSpendingGuard({ chain: CHAIN, budgets: [hourly(LIMIT)], clock });
      let guard = make();
      const open = new Map<number, bigint>();
      const paid: { readonly at: number; readonly wei: bigint }[] = [];
      for (const [index, one] of steps.entries()) {
        if (one.kind === "wait") await clock.advance(one.milliseconds);
        if (one.kind === "restart") guard = make();
        if (one.kind === "reserve") {
          const before = open.get(one.delivery) ?? 0n;
          const decision = await reserve(store, guard, `${one.delivery}`, one.wei);
          if (decision.ok) open.set(one.delivery, one.wei > before ? one.wei : before);
        }
        const promised = one.kind === "settle" ? open.get(one.delivery) : undefined;
        if (one.kind === "settle" && promised !== undefined) {
          const wei = (promised * BigInt(one.part)) / 100n;
          paid.push({ at: clock.now(), wei });
          await settle(store, guard, `${one.delivery}`, wei);
          open.delete(one.delivery);
        }
        // All that is open may land at this very moment.
        const recent = paid.filter(({ at }) => at > clock.now() - HOUR);
        const most = [...open.values(), ...recent.map(({ wei }) => wei)].reduce(
          (a, b) => a + b,
          0n,
        );
        expect(most, `after step ${index}`).toBeLessThanOrEqual(LIMIT);
      }
      await store.close();
    }),
    { numRuns: 60 },
  );
});

it("never promises one sum twice to deliveries that ask at the same time", async () => {
  const { store, guard } = await setUp([hourly(100n)]);
  const spending = guard();
  const decisions = await Promise.all(
    Array.from({ length: 20 }, (_, index) => reserve(store, spending, `${index}`, 30n)),
  );
  expect(decisions.filter(({ ok }) => ok)).toHaveLength(3);
});
