import { expect, test } from "vitest";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { createRunMeter } from "./run-meter.ts";

const never = new AbortController().signal;

test("what a guest waits for the host is not its own time", async () => {
  const clock = createManualClock();
  const meter = createRunMeter(clock, async (text) => {
    await clock.advance(50);
    if (text === "bad") throw new Error("no");
    return "answer";
  });
  await clock.advance(10);
  await expect(meter.answer("q", never)).resolves.toBe("answer");
  await clock.advance(5);
  await expect(meter.answer("bad", never)).rejects.toThrow("no");
  expect(meter.guestMs()).toBe(15);
  meter.stop();
  await clock.advance(1_000);
  expect(meter.guestMs()).toBe(15);
});

test("a call that is never answered is the host's time to the end", async () => {
  const clock = createManualClock();
  const meter = createRunMeter(clock, () => new Promise(() => {}));
  await clock.advance(3);
  void meter.answer("q", never);
  await clock.advance(1_000);
  expect(meter.guestMs()).toBe(3);
  meter.stop();
  expect(meter.guestMs()).toBe(3);
});
