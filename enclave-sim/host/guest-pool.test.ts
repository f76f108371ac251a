import { expect, test } from "vitest";
import { createManualClock } from "../../src/core/manual-clock.ts";
import type { Guest } from "./guest.ts";
import type { GuestHouse } from "./guest-house.ts";
import { createGuestPool, POOL, type PoolBounds } from "./guest-pool.ts";

const never = new AbortController().signal;
const refuse = () => Promise.reject(new Error("not here"));

/** A house whose guests only know whether they live. */
const fakeHouse = (wall: GuestHouse["wall"] = "bubblewrap+seccomp") => {
  const state = { alive: true, started: 0, closed: 0 };
  const house: GuestHouse = {
    wall,
    get alive() {
      return state.alive;
    },
    start: () => {
      state.started += 1;
      let alive = true;
      const guest: Guest = {
        wall,
        build: refuse,
        run: refuse,
        get alive() {
          return alive && state.alive;
        },
        close: async () => {
          if (alive) state.closed += 1;
          alive = false;
        },
      };
      return guest;
    },
    close: async () => {
      state.alive = false;
    },
  };
  return { house, state };
};
const start = (bounds: Partial<PoolBounds> = {}) => {
  const clock = createManualClock();
  const pool = createGuestPool(clock, { ...POOL, idleMs: 1_000, ...bounds });
  const houses: ReturnType<typeof fakeHouse>[] = [];
  const lodge = (name: string, wall?: GuestHouse["wall"]) =>
    pool.lodge(name, () => {
      const built = fakeHouse(wall);
      houses.push(built);
      return built.house;
    });
  return { clock, pool, houses, lodge };
};
const same = async (guest: Guest) => guest;

test("a warm guest serves the next run, preferably of what it ran last", async () => {
  const { lodge, houses } = start();
  const publisher = lodge("a");
  const first = await publisher.use("x", same, never);
  expect(await publisher.use("x", same, never)).toBe(first);
  const [one, two] = await Promise.all([
    publisher.use("x", async (guest) => guest, never),
    publisher.use("y", async (guest) => guest, never),
  ]);
  expect(one).not.toBe(two);
  expect(await publisher.use("x", same, never)).toBe(one);
  expect(await publisher.use("y", same, never)).toBe(two);
  expect([houses.length, publisher.starts]).toEqual([1, 2]);
});

test("publishers never share a guest or a house; Cryptlets of one do", async () => {
  const { lodge, houses, pool } = start();
  const [a, again, b] = [lodge("a"), lodge("a"), lodge("b")];
  const guests = [
    await a.use("x", same, never),
    await again.use("y", same, never),
    await b.use("x", same, never),
  ];
  expect(guests[0]).toBe(guests[1]);
  expect(guests[2]).not.toBe(guests[0]);
  expect(houses).toHaveLength(2);
  a.leave();
  expect(pool.stats()).toEqual({ houses: 2, guests: 2 });
  again.leave();
  again.leave();
  expect(pool.stats()).toEqual({ houses: 1, guests: 1 });
});

test("a house that died is built again, later each time; success forgives", async () => {
  const { lodge, houses, clock } = start({ backOff: { firstMs: 100, maxMs: 1_000 } });
  const publisher = lodge("a");
  const crash = () =>
    publisher
      .use(
        "x",
        async () => {
          const current = houses.at(-1);
          if (current) current.state.alive = false;
          throw new Error("gone");
        },
        never,
      )
      .catch((error: Error) => error.message);
  expect(await crash()).toBe("gone");
  // The second begins at once, the third after the first wait.
  expect(await crash()).toBe("gone");
  const waiting = publisher.use("x", same, never);
  expect(houses).toHaveLength(2);
  await clock.advance(100);
  await waiting;
  expect(houses).toHaveLength(3);
  await crash();
  await publisher.use("x", same, never);
  expect(houses).toHaveLength(4);
});

test("idle guests, and then their houses, are closed after a while", async () => {
  const { lodge, houses, clock, pool } = start();
  const publisher = lodge("a");
  await publisher.use("x", same, never);
  await clock.advance(999);
  pool.sweep();
  expect(pool.stats()).toEqual({ houses: 1, guests: 1 });
  await clock.advance(1);
  pool.sweep();
  expect(pool.stats()).toEqual({ houses: 0, guests: 0 });
  expect(houses[0]?.state).toEqual({ alive: false, started: 1, closed: 1 });
  await publisher.use("x", same, never);
  expect(houses).toHaveLength(2);
});

test("idle guests and houses of others make room when there are too many", async () => {
  const { lodge, houses, clock, pool } = start({ guests: 3, houses: 2 });
  for (const name of ["a", "b", "c"]) {
    await lodge(name).use("x", same, never);
    await clock.advance(1);
  }
  // The oldest house made room for the third.
  expect(houses.map(({ state }) => state.alive)).toEqual([false, true, true]);
  const free = lodge("free", "none");
  const busy = [0, 1, 2].map(() => free.use("x", () => new Promise<never>(() => {}), never));
  await Promise.race([...busy, clock.advance(1)]);
  expect(pool.stats().guests).toBeLessThanOrEqual(3);
});

test("whoever has few Cryptlets gets its guests ready for the same one again", async () => {
  const { lodge } = start({ prepared: 1 });
  const again = (publisher: ReturnType<typeof lodge>) =>
    publisher.use("x", async (_guest, prepared) => prepared, never);
  const first = lodge("a");
  expect(await again(first)).toBe(true);
  const second = lodge("a");
  expect(await again(first)).toBe(false);
  second.leave();
  expect(await again(first)).toBe(true);
});

test("a closed pool has ended every guest, those at work too", async () => {
  const { lodge, houses, pool } = start();
  const publisher = lodge("a");
  await publisher.use("x", same, never);
  const working = publisher.use("x", () => new Promise<never>(() => {}), never);
  await Promise.race([working, Promise.resolve()]);
  await pool.close();
  expect(houses[0]?.state).toMatchObject({ alive: false, closed: 1 });
});

test("one guest starts at a time; who comes meanwhile takes what is given back first", async () => {
  const { pool } = start();
  const ups: (() => void)[] = [];
  const { house } = fakeHouse();
  const slow: GuestHouse = {
    wall: "none",
    alive: true,
    start: () =>
      Object.assign(house.start(), {
        ready: new Promise<void>((resolve) => {
          ups.push(resolve);
        }),
      }),
    close: async () => undefined,
  };
  const publisher = pool.lodge("slow", () => slow);
  let giveBack: () => void = () => undefined;
  const first = publisher.use(
    "x",
    (guest) =>
      new Promise<Guest>((resolve) => {
        giveBack = () => resolve(guest);
      }),
    never,
  );
  const second = publisher.use("x", same, never);
  const controller = new AbortController();
  const third = publisher.use("x", same, controller.signal);
  await Promise.race([second, Promise.resolve()]);
  expect(ups).toHaveLength(1);
  controller.abort();
  await expect(third).rejects.toMatchObject({ code: "INTERRUPTED" });
  giveBack();
  expect(await second).toBe(await first);
  // A guest that waits for a provider holds nobody up: when the start is over, another begins.
  void publisher.use("x", () => new Promise<never>(() => {}), never);
  const fourth = publisher.use("x", same, never);
  for (const up of ups) up();
  expect(await fourth).not.toBe(await first);
  expect(ups).toHaveLength(2);
});

/** Runs of a pool that may have one computing guest, each of which ends when it is told. */
const startBusy = (count: number) => {
  const { lodge, clock } = start({ computing: 1, patienceMs: 25, longestMs: 60 });
  const publisher = lodge("a");
  const ends: (() => void)[] = [];
  const work = () =>
    publisher.use("x", () => new Promise<void>((resolve) => void ends.push(resolve)), never);
  const running = Array.from({ length: count }, work);
  /** What was started, guests and runs. */
  const after = async (ms: number) => {
    await clock.advance(ms);
    return [publisher.starts, ends.length];
  };
  return { running, ends, after };
};

test("with the machine busy a run waits as long as guests are given back", async () => {
  const { running, ends, after } = startBusy(3);
  await after(0);
  expect(await after(20)).toEqual([1, 1]);
  ends[0]?.();
  await running[0];
  // The last one's patience began anew.
  expect(await after(20)).toEqual([1, 2]);
  expect(await after(4)).toEqual([1, 2]);
  expect(await after(1)).toEqual([2, 3]);
  for (const end of ends) end();
  await Promise.all(running);
});

test("however guests come and go, nobody waits longer than the longest", async () => {
  const { running, ends, after } = startBusy(5);
  await after(0);
  for (const turn of [0, 1, 2]) {
    expect(await after(19)).toEqual([1, turn + 1]);
    ends[turn]?.();
    await running[turn];
  }
  expect(await after(2)).toEqual([1, 4]);
  expect(await after(1)).toEqual([2, 5]);
  for (const end of ends) end();
  await Promise.all(running);
});
