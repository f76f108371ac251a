import { expect, test } from "vitest";
import { createManualClock } from "../core/manual-clock.ts";
import { silentLog } from "../core/log.ts";
import { repeatHourly } from "./repeat-hourly.ts";

const HOUR_MS = 3_600_000;

test("work that fails comes again after an hour, and not once it is stopped", async () => {
  const clock = createManualClock(0);
  let times = 0;
  const running = repeatHourly({ clock, log: silentLog, name: "the work" }, async () => {
    times += 1;
    throw new Error("not now");
  });
  await expect.poll(() => times).toBe(1);
  await clock.advance(HOUR_MS - 1);
  expect(times).toBe(1);
  await clock.advance(1);
  await expect.poll(() => times).toBe(2);
  await running.stop();
  await clock.advance(2 * HOUR_MS);
  expect(times).toBe(2);
});
