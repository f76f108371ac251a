import { expect, test } from "vitest";
import { createRunQueue } from "./run-queue.ts";

const never = new AbortController().signal;

test("work is done one after the other, in order, whether it succeeds or not", async () => {
  const queue = createRunQueue("probe", 8);
  const events: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      events.push(`${name} begins`);
      await Promise.resolve();
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const results = await Promise.allSettled([
    queue.enter(work("a"), never),
    queue.enter(work("b", true), never),
    queue.enter(work("c"), never),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("too much waiting work is refused, and there is room again later", async () => {
  const queue = createRunQueue("probe", 2);
  const entered = [1, 2].map((number) => queue.enter(async () => number, never));
  await expect(queue.enter(async () => 3, never)).rejects.toMatchObject({ code: "RUN_QUEUE_FULL" });
  await expect(Promise.all(entered)).resolves.toEqual([1, 2]);
  await expect(queue.enter(async () => 4, never)).resolves.toBe(4);
});

test("work that is not wanted any more does not begin", async () => {
  const queue = createRunQueue("probe", 2);
  const controller = new AbortController();
  let begun = false;
  const first = queue.enter(async () => controller.abort(), never);
  const second = queue.enter(async () => {
    begun = true;
  }, controller.signal);
  await first;
  await expect(second).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(begun).toBe(false);
});
