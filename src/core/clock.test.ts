import { describe, expect, it } from "vitest";
import { systemClock, type Clock } from "./clock.ts";
import { createManualClock } from "./manual-clock.ts";

const clocks: readonly (readonly [string, Clock])[] = [
  ["systemClock", systemClock],
  ["ManualClock", createManualClock(Date.now())],
];

describe.each(clocks)("%s", (_name, clock) => {
  it("rejects a sleep with the signal's own reason, before it and while it lasts", async () => {
    const reason = new Error("enough");
    await expect(clock.sleep(60_000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const sleeping = clock.sleep(60_000, { signal: stop.signal });
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });

  it("tells ms since epoch, and a line that never goes back", () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
    const before = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(before);
  });
});

it("systemClock sleeps without a signal too", async () => {
  await expect(systemClock.sleep(1)).resolves.toBeUndefined();
});
