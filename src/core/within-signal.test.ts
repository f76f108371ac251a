import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { withinSignal } from "./within-signal.ts";

const never = new Promise<never>(() => undefined);

describe("withinSignal", () => {
  it("gives the work's own end when that comes first, and lets go of the signal", async () => {
    const { signal } = new AbortController();
    expect(await withinSignal(Promise.resolve(1), signal)).toBe(1);
    await expect(withinSignal(Promise.reject(new Error("x")), signal)).rejects.toThrow("x");
    expect(await withinSignal(Promise.resolve(2), undefined)).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("ends with the reason when aborted, before or while it waits", async () => {
    const stop = new AbortController();
    const waiting = withinSignal(never, stop.signal);
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await expect(withinSignal(never, stop.signal)).rejects.toThrow("stop");
  });
});
