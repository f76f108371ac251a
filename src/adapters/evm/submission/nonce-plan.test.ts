import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FILL, MAX_JUMP, planGap, planNonce } from "./nonce-plan.ts";

const count = fc.nat(2_000_000);

describe("the next nonce", () => {
  it.each([
    [{ next: null, latest: 0, pending: 0 }, 0],
    [{ next: null, latest: 7, pending: 9 }, 9],
    [{ next: 5, latest: 5, pending: 5 }, 5],
    // Our own record is ahead of a node that lags.
    [{ next: 9, latest: 5, pending: 5 }, 9],
    // Somebody else uses the key.
    [{ next: 5, latest: 8, pending: 8 }, 8],
    // A pending count far from the one in blocks is not believed.
    [{ next: 5, latest: 5, pending: 1_000_000 }, 5],
    [{ next: null, latest: 3, pending: 1_000_000 }, 3],
    [{ next: null, latest: 3, pending: 1 }, 3],
  ])("is the larger one of record and chain: %j", (evidence, next) => {
    expect(planNonce({ ...evidence, confirmed: false })).toEqual({ next });
  });

  it("is never below the record, and far above it only when the chain keeps saying so", () => {
    fc.assert(
      fc.property(count, count, count, fc.boolean(), (next, latest, pending, confirmed) => {
        const plan = planNonce({ next, latest, pending, confirmed });
        if ("next" in plan) {
          expect(plan.next).toBeGreaterThanOrEqual(next);
          if (!confirmed) expect(plan.next - next).toBeLessThanOrEqual(MAX_JUMP);
          expect(plan.next).toBeGreaterThanOrEqual(latest);
        } else {
          expect(confirmed).toBe(false);
          expect(plan.doubtful).toBeGreaterThan(next);
        }
      }),
    );
  });
});

describe("a gap", () => {
  const plan = (at: number, next: number, taken: readonly number[]) =>
    planGap({ count: at, next, taken: new Set(taken) });

  it("is none while every nonce from the chain's on is held", () => {
    expect(plan(5, 5, [])).toEqual({ kind: "none" });
    expect(plan(5, 8, [5, 6, 7])).toEqual({ kind: "none" });
    expect(plan(7, 8, [5, 6, 7])).toEqual({ kind: "none" });
    expect(plan(9, 8, [])).toEqual({ kind: "none" });
  });

  it("that is narrow is filled, one that is wide renumbers what lies behind", () => {
    expect(plan(5, 8, [7])).toEqual({ kind: "fill", nonces: [5, 6] });
    expect(plan(5, 8, [5, 7])).toEqual({ kind: "fill", nonces: [6] });
    expect(plan(5, 1_000_001, [1_000_000])).toEqual({ kind: "renumber", from: 5 });
    expect(plan(5, 1_000_001, [5, 1_000_000])).toEqual({ kind: "renumber", from: 6 });
  });

  it("at the end of the record only moves the record", () => {
    expect(plan(5, 9, [])).toEqual({ kind: "renumber", from: 5 });
    expect(plan(5, 9, [5, 6])).toEqual({ kind: "renumber", from: 7 });
  });

  it("is gone after what the plan says was done, whatever it was", () => {
    const holding = fc.uniqueArray(fc.nat(60), { maxLength: 20 });
    fc.assert(
      fc.property(fc.nat(40), holding, fc.nat(30), (at, nonces, above) => {
        const next = Math.max(at, ...nonces.map((nonce) => nonce + 1)) + above;
        const taken = new Set(nonces);
        const state = { count: at, next, taken };
        for (let turns = 0; turns < 4; turns += 1) {
          const found = planGap(state);
          if (found.kind === "none") break;
          if (found.kind === "fill") {
            expect(found.nonces.length).toBeLessThanOrEqual(MAX_FILL);
            for (const nonce of found.nonces) taken.add(nonce);
          } else {
            // Jobs above are queued again and take the nonces from there on.
            const moved = [...taken].filter((nonce) => nonce >= found.from);
            for (const nonce of moved) taken.delete(nonce);
            for (let index = 0; index < moved.length; index += 1) taken.add(found.from + index);
            state.next = found.from + moved.length;
          }
        }
        expect(planGap(state)).toEqual({ kind: "none" });
      }),
    );
  });
});
