import { expect, test } from "vitest";
import { createRunningHandlers } from "./running-handlers.ts";

test("handlers count while they run, their faults are heard, and idle waits for all of them", async () => {
  const faults: unknown[] = [];
  let ended = 0;
  const handlers = createRunningHandlers(
    (error) => faults.push(error),
    () => {
      ended += 1;
    },
  );
  const done: string[] = [];
  const fault = new Error("verdict lost");
  handlers.start(async () => {
    await Promise.resolve();
    done.push("first");
  });
  handlers.start(async () => {
    throw fault;
  });
  expect(handlers.size).toBe(2);
  await handlers.idle();
  await Promise.resolve();
  expect({ done, faults, ended, size: handlers.size }).toEqual({
    done: ["first"],
    faults: [fault],
    ended: 2,
    size: 0,
  });
});
