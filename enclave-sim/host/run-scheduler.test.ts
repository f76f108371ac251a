import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunScheduler, type RunLine } from "./run-scheduler.ts";

const never = new AbortController().signal;
const anyone = { name: "first", places: 100 };
const queueOf = (width: number, waiting: number) =>
  createRunScheduler({ total: 100, width, waiting }).open("probe", anyone);

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

/** Runs of one Cryptlet that use so much guest time each, all asked for at once. */
const ask = (line: RunLine, name: string, count: number, guestMs: number, begun: string[]) =>
  Array.from({ length: count }, () =>
    line.enter(async (charge) => {
      begun.push(name);
      await Promise.resolve();
      charge(guestMs);
    }, never),
  );

test("whoever used much waits for those who used little", async () => {
  const scheduler = createRunScheduler({ total: 1, width: 4, waiting: 64 });
  const begun: string[] = [];
  const greedy = scheduler.open("greedy", anyone);
  const modest = scheduler.open("modest", anyone);
  await Promise.all([...ask(greedy, "g", 12, 100, begun), ...ask(modest, "m", 12, 1, begun)]);
  // The estimate of a stranger is low: the greedy one gets a few runs before it is known.
  expect(begun.indexOf("g", 4)).toBeGreaterThanOrEqual(12);
  expect(begun.slice(0, 16).filter((name) => name === "m")).toHaveLength(12);
});

test("equal needs get equal shares, however many runs one asks for", async () => {
  const scheduler = createRunScheduler({ total: 2, width: 2, waiting: 64 });
  const begun: string[] = [];
  const lines = ["a", "b", "c"].map((name) => scheduler.open(name, anyone));
  const counts = [60, 20, 20];
  await Promise.all(
    lines.flatMap((line, index) => ask(line, "abc".charAt(index), counts[index] ?? 0, 7, begun)),
  );
  for (const name of "abc")
    expect(begun.slice(0, 60).filter((other) => other === name).length).toBeGreaterThanOrEqual(18);
});

test("idleness earns nothing: who comes back does not get a burst ahead of the others", async () => {
  const scheduler = createRunScheduler({ total: 1, width: 1, waiting: 200 });
  const begun: string[] = [];
  const [steady, sleeper] = [scheduler.open("steady", anyone), scheduler.open("sleeper", anyone)];
  await Promise.all(ask(steady, "s", 50, 10, []));
  await Promise.all([...ask(steady, "s", 20, 10, begun), ...ask(sleeper, "z", 20, 10, begun)]);
  for (let index = 4; index < 36; index += 4)
    expect(new Set(begun.slice(index, index + 4)).size).toBe(2);
});

test("one publisher never holds every place", async () => {
  const scheduler = createRunScheduler({ total: 10, width: 4, waiting: 64 });
  const seen = { now: 0, most: 0 };
  const crowd = Array.from({ length: 10 }, (_, index) =>
    scheduler.open(`c${index}`, { name: "crowd", places: 3 }),
  );
  const work = async () => {
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    for (let i = 0; i < 5; i++) await Promise.resolve();
    seen.now -= 1;
  };
  const other = scheduler.open("other", anyone);
  const all = crowd.flatMap((line) => Array.from({ length: 5 }, () => line.enter(work, never)));
  await expect(other.enter(async () => seen.now, never)).resolves.toBeLessThanOrEqual(3);
  await Promise.all(all);
  expect(seen.most).toBe(3);
});

test("whatever comes, goes and fails, every place comes back", async () => {
  const run = fc.record({
    line: fc.nat(4),
    guestMs: fc.option(fc.nat(50)),
    fails: fc.boolean(),
    aborts: fc.boolean(),
    steps: fc.nat(5),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 40 }), async (runs) => {
      const scheduler = createRunScheduler({ total: 3, width: 2, waiting: 64 });
      const open = (number: number) =>
        scheduler.open(`c${number}`, { name: `p${number % 2}`, places: 2 });
      const first = open(0);
      const lines = [first, open(1), open(2), open(3), open(4)];
      const seen = { now: 0, most: 0 };
      const settled = runs.map(({ line, guestMs, fails, aborts, steps }) => {
        const controller = new AbortController();
        const going = (lines[line] ?? first).enter(async (charge) => {
          seen.now += 1;
          seen.most = Math.max(seen.most, seen.now);
          for (let i = 0; i < steps; i++) await Promise.resolve();
          seen.now -= 1;
          if (guestMs !== null) charge(guestMs);
          if (fails) throw new Error("no");
        }, controller.signal);
        if (aborts) controller.abort();
        return going;
      });
      await Promise.allSettled(settled);
      expect(seen.most).toBeLessThanOrEqual(3);
      // Every line can still run as many as ever.
      await Promise.all(lines.map((line) => line.enter(async () => undefined, never)));
    }),
  );
});
