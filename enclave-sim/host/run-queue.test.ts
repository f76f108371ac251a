import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunQueue } from "./run-queue.ts";

const never = new AbortController().signal;
const queueOf = (width: number, waiting: number) => createRunQueue("probe", { width, waiting });

test("in a queue of one, work is done one after the other, whether it succeeds or not", async () => {
  const queue = queueOf(1, 8);
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

test("never more than the width run at once, and everything is done in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(20), async (width, count) => {
      const queue = queueOf(width, 100);
      const begun: number[] = [];
      const seen = { active: 0, most: 0 };
      const work = (number: number) => async () => {
        begun.push(number);
        seen.active += 1;
        seen.most = Math.max(seen.most, seen.active);
        for (let i = 0; i < number % 4; i++) await Promise.resolve();
        seen.active -= 1;
      };
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          queue.enter(work(index), new AbortController().signal),
        ),
      );
      expect(seen.most).toBeLessThanOrEqual(width);
      expect(begun).toEqual(Array.from({ length: count }, (_, index) => index));
    }),
  );
});

test("too much waiting work is refused, and there is room again later", async () => {
  const queue = queueOf(1, 1);
  const entered = [1, 2].map((number) => queue.enter(async () => number, never));
  await expect(queue.enter(async () => 3, never)).rejects.toMatchObject({ code: "RUN_QUEUE_FULL" });
  await expect(Promise.all(entered)).resolves.toEqual([1, 2]);
  await expect(queue.enter(async () => 4, never)).resolves.toBe(4);
});

test("work that is not wanted any more leaves at once and does not begin", async () => {
  const queue = queueOf(1, 2);
  const controller = new AbortController();
  let release: () => void = () => undefined;
  const first = queue.enter(
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }),
    never,
  );
  let begun = false;
  const begin = async () => {
    begun = true;
  };
  const second = queue.enter(begin, controller.signal);
  const third = queue.enter(async () => "third", never);
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: "INTERRUPTED" });
  await expect(queue.enter(begin, controller.signal)).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  release();
  await first;
  await expect(third).resolves.toBe("third");
  expect(begun).toBe(false);
});
