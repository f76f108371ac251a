import { expect, test } from "vitest";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { createBackOff } from "./back-off.ts";

const never = new AbortController().signal;

test("the first restart waits for nothing, each further one twice as long, up to a bound", async () => {
  const clock = createManualClock();
  const backOff = createBackOff(clock, { firstMs: 100, maxMs: 300 });
  await backOff.ready(never);
  backOff.failed();
  await backOff.ready(never);
  for (const ms of [100, 200, 300, 300]) {
    backOff.failed();
    let ready = false;
    const waiting = backOff.ready(never).then(() => {
      ready = true;
      return ready;
    });
    await clock.advance(ms - 1);
    expect(ready).toBe(false);
    await clock.advance(1);
    await expect(waiting).resolves.toBe(true);
  }
  backOff.succeeded();
  backOff.failed();
  await backOff.ready(never);
});

test("a wait can be given up", async () => {
  const clock = createManualClock();
  const backOff = createBackOff(clock, { firstMs: 100, maxMs: 300 });
  backOff.failed();
  backOff.failed();
  const controller = new AbortController();
  const waiting = backOff.ready(controller.signal);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
});
