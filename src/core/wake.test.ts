import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { createManualClock } from "./manual-clock.ts";
import { createWake } from "./wake.ts";

const { signal } = new AbortController();

describe("wake", () => {
  it("ends a wait on a call and leaves no timer behind", async () => {
    const clock = createManualClock();
    const wake = createWake(clock);
    const waiting = wake.wait(1_000, { signal });
    wake.notify();
    await waiting;
    expect(clock.sleepers).toBe(0);
  });

  it("remembers a call that came before the wait, once", async () => {
    const clock = createManualClock();
    const wake = createWake(clock);
    wake.notify();
    wake.notify();
    await wake.wait(1_000, { signal });
    let woken = false;
    const second = wake.wait(1_000, { signal }).then(() => {
      woken = true;
      return woken;
    });
    await clock.advance(999);
    expect(woken).toBe(false);
    await clock.advance(1);
    expect(await second).toBe(true);
  });

  it("leaves no listener behind on a signal that lives long", async () => {
    const wake = createWake(createManualClock());
    const stop = new AbortController();
    for (let turn = 0; turn < 50; turn += 1) {
      const waiting = wake.wait(1_000, { signal: stop.signal });
      wake.notify();
      await waiting;
    }
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("ends with the reason when aborted", async () => {
    const wake = createWake(createManualClock());
    const stop = new AbortController();
    const waiting = wake.wait(1_000, { signal: stop.signal });
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await expect(wake.wait(1_000, { signal: stop.signal })).rejects.toThrow("stop");
  });
});
