import { describe, expect, it } from "vitest";
import { systemClock } from "./clock.ts";
import { createManualClock } from "./manual-clock.ts";

describe("createManualClock", () => {
  it("moves only when told", async () => {
    const clock = createManualClock(1_000);
    expect(clock.now()).toBe(1_000);
    expect(clock.monotonic()).toBe(0);
    await clock.advance(500);
    expect(clock.now()).toBe(1_500);
    expect(clock.monotonic()).toBe(500);
  });

  it("wakes sleepers in the order in which they are due, at their own time", async () => {
    const clock = createManualClock();
    const woken: string[] = [];
    const sleeper = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds);
      woken.push(`${name}@${clock.now()}`);
    };
    const all = Promise.all([sleeper("c", 30), sleeper("a", 10), sleeper("b", 20)]);
    expect(clock.sleepers).toBe(3);
    await clock.advance(20);
    expect(woken).toEqual(["a@10", "b@20"]);
    expect(clock.sleepers).toBe(1);
    await clock.advance(10);
    await all;
    expect(woken).toEqual(["a@10", "b@20", "c@30"]);
  });

  it("wakes who sleeps again within one advance", async () => {
    const clock = createManualClock();
    const ticks: number[] = [];
    const loop = (async () => {
      for (let round = 0; round < 3; round += 1) {
        await clock.sleep(10);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(100);
    await loop;
    expect(ticks).toEqual([10, 20, 30]);
  });

  it("rejects with the signal's reason, before and during the sleep", async () => {
    const clock = createManualClock();
    const reason = new Error("stop");
    await expect(clock.sleep(10, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = clock.sleep(10, { signal: controller.signal });
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.sleepers).toBe(0);
  });
});

describe("systemClock", () => {
  it("sleeps, can be interrupted, and never goes back", async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(1);
    expect(systemClock.monotonic()).toBeGreaterThan(before);
    expect(Number.isInteger(systemClock.now())).toBe(true);
    await expect(systemClock.sleep(60_000, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
