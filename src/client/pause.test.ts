import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { pause } from "./pause.ts";

it("ends when its time is over, and leaves no listener", async () => {
  const { signal } = new AbortController();
  await pause(1, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("ends well at once when the signal aborts, before or meanwhile", async () => {
  await expect(pause(60_000, AbortSignal.abort())).resolves.toBeUndefined();
  const ending = new AbortController();
  const waiting = pause(60_000, ending.signal);
  ending.abort(new Error("enough"));
  await expect(waiting).resolves.toBeUndefined();
});
