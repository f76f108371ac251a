import { describe, expect, it, onTestFinished } from "vitest";
import { createManualClock } from "../../../core/manual-clock.ts";
import { createSubmissionLoop, type LoopParts } from "./submission-loop.ts";

const open = (change: Partial<LoopParts> = {}) => {
  const clock = createManualClock(0);
  const passes: number[] = [];
  const loop = createSubmissionLoop({
    clock,
    pollMs: 200,
    pass: async () => {
      passes.push(clock.monotonic());
      return false;
    },
    standing: () => "open",
    onTrouble: async () => undefined,
    onEndOfTrouble: async () => undefined,
    ...change,
  });
  onTestFinished(() => loop.close(new Error("end")));
  const sleep = async (ms: number): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await Promise.resolve();
    await clock.advance(ms);
  };
  return { clock, loop, passes, sleep };
};
const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe("the loop over a chain", () => {
  it("does nothing before it is nudged, and looks ever less often at a chain that stands still", async () => {
    const { loop, passes, sleep } = open();
    await sleep(1_000);
    expect(passes).toEqual([]);
    loop.nudge();
    for (let turn = 0; turn < 1_000; turn += 1) await sleep(1);
    const pauses = gaps(passes).slice(1);
    expect(pauses.toSorted((a, b) => a - b)).toEqual(pauses);
    expect(Math.max(...pauses)).toBeGreaterThan(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(205);
  });

  it("turns at once when it is nudged", async () => {
    const { loop, passes, sleep } = open({ standing: () => "idle" });
    loop.nudge();
    await sleep(0);
    const before = passes.length;
    await sleep(10);
    expect(passes.length).toBe(before);
    loop.nudge();
    await sleep(0);
    expect(passes.length).toBeGreaterThan(before);
  });

  it("waits longer after each fault, says so, and says when it is over", async () => {
    const said: (readonly [number, number])[] = [];
    const over: number[] = [];
    let isBroken = true;
    const { loop, sleep } = open({
      pass: async () => {
        if (isBroken) throw new Error("broken");
        return true;
      },
      onTrouble: async (_, times, pauseMs) => void said.push([times, pauseMs]),
      onEndOfTrouble: async (times) => void over.push(times),
    });
    loop.nudge();
    for (let turn = 0; turn < 40; turn += 1) await sleep(250);
    expect(said.slice(0, 4)).toEqual([
      [1, 250],
      [2, 500],
      [3, 1_000],
      [4, 2_000],
    ]);
    isBroken = false;
    for (let turn = 0; turn < 200; turn += 1) await sleep(250);
    expect(over.length).toBe(1);
  });

  it("goes on when even saying what is wrong fails, and ends when it is closed", async () => {
    let passes = 0;
    const { loop, sleep } = open({
      pass: async () => {
        passes += 1;
        throw new Error("broken");
      },
      onTrouble: async () => {
        throw new Error("the database as well");
      },
    });
    loop.nudge();
    await sleep(10);
    expect(passes).toBeGreaterThan(0);
    await loop.close(new Error("end"));
  });
});
