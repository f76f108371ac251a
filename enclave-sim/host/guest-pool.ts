import type { Clock } from "../../src/core/clock.ts";
import { type BackOff, type BackOffBounds, createBackOff } from "./back-off.ts";
import type { Guest } from "./guest.ts";
import type { GuestHouse } from "./guest-house.ts";

/**
 * Warm guests by publisher. A guest serves every Cryptlet of its publisher and nobody else's; each publisher behind the
 * wall has a process of its own.
 */
export interface GuestPool {
  /** The guests of one publisher; `build` makes the house that they live in, again whenever the last one is gone. */
  lodge(publisher: string, build: () => GuestHouse): Lodging;
  stats(): { readonly houses: number; readonly guests: number };
  /** Ends what has been idle for too long; called from time to time. */
  sweep(): void;
  close(): Promise<void>;
}

/** One Cryptlet's way to its publisher's guests. */
export interface Lodging {
  /**
   * Gives a guest that has nothing else to do to `work`, one that ran this program last if there is one. `again` says
   * whether it should get ready for the same program once more. The caller bounds how many there are.
   */
  use<Result>(
    program: string,
    work: (guest: Guest, again: boolean) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result>;
  /** Guests that were started for this Cryptlet. */
  readonly starts: number;
  leave(): void;
}

export interface PoolBounds {
  /** Guests of all publishers; idle ones make room. */
  readonly guests: number;
  /** Processes behind the wall; the longest idle one makes room. */
  readonly houses: number;
  /** ms that a guest, and then its house, stays without work. */
  readonly idleMs: number;
  /** Cryptlets of a publisher up to which guests get ready for the same one again. */
  readonly prepared: number;
  readonly backOff: BackOffBounds;
}

export const POOL: PoolBounds = {
  guests: 48,
  houses: 24,
  idleMs: 60_000,
  prepared: 8,
  backOff: { firstMs: 100, maxMs: 5_000 },
};

interface Idle {
  readonly guest: Guest;
  readonly program: string;
  readonly since: number;
}

interface Publisher {
  readonly build: () => GuestHouse;
  readonly backOff: BackOff;
  house: GuestHouse | undefined;
  idle: Idle[];
  readonly busy: Set<Guest>;
  /** Cryptlets that have not left. */
  lodgers: number;
  usedAt: number;
}

export const createGuestPool = (clock: Clock, bounds: PoolBounds = POOL): GuestPool => {
  const publishers = new Map<string, Publisher>();
  /** Ends that nobody waits for but `close`. */
  const ending = new Set<Promise<void>>();
  let closed = false;

  const finish = (what: { close(): Promise<void> }) => {
    const ended = what.close().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const all = () => [...publishers.values()];
  const guestsOf = ({ idle, busy }: Publisher): number => idle.length + busy.size;
  const closeHouse = (publisher: Publisher) => {
    for (const { guest } of publisher.idle) finish(guest);
    for (const guest of publisher.busy) finish(guest);
    publisher.idle = [];
    if (publisher.house) finish(publisher.house);
    publisher.house = undefined;
  };
  const longestIdle = (candidates: readonly Publisher[]): Publisher | undefined =>
    candidates.toSorted((a, b) => a.usedAt - b.usedAt)[0];

  const makeRoom = (own: Publisher) => {
    const guests = all().reduce((sum, publisher) => sum + guestsOf(publisher), 0);
    if (guests >= bounds.guests) {
      const [oldest] = all()
        .flatMap((publisher) => publisher.idle.map((idle) => ({ publisher, idle })))
        .toSorted((a, b) => a.idle.since - b.idle.since);
      if (oldest) {
        oldest.publisher.idle = oldest.publisher.idle.filter((idle) => idle !== oldest.idle);
        finish(oldest.idle.guest);
      }
    }
    const housed = all().filter(({ house }) => house && house.wall !== "none");
    if (own.house || housed.length < bounds.houses) return;
    const evicted = longestIdle(housed.filter(({ busy }) => busy.size === 0));
    if (evicted) closeHouse(evicted);
  };
  /** A death counts once, however many guests it takes along. */
  const bury = (publisher: Publisher) => {
    if (!publisher.house || publisher.house.alive) return;
    publisher.idle = [];
    publisher.house = undefined;
    publisher.backOff.failed();
  };
  const takeIdle = (publisher: Publisher, program: string): Guest | undefined => {
    publisher.idle = publisher.idle.filter(({ guest }) => guest.alive);
    const { idle } = publisher;
    // The last one otherwise: the others may then grow old enough to be closed.
    const found = idle.findLast((entry) => entry.program === program) ?? idle.at(-1);
    publisher.idle = idle.filter((entry) => entry !== found);
    return found?.guest;
  };
  const give = (publisher: Publisher, guest: Guest, program: string) => {
    publisher.usedAt = clock.monotonic();
    if (!guest.alive) return;
    if (closed || !publisher.house?.alive) finish(guest);
    else publisher.idle.push({ guest, program, since: clock.monotonic() });
  };

  return {
    lodge: (name, build) => {
      const publisher = publishers.get(name) ?? {
        build,
        backOff: createBackOff(clock, bounds.backOff),
        house: undefined,
        idle: [],
        busy: new Set<Guest>(),
        lodgers: 0,
        usedAt: clock.monotonic(),
      };
      publishers.set(name, publisher);
      publisher.lodgers += 1;
      const counters = { starts: 0 };
      const start = (): Guest => {
        makeRoom(publisher);
        counters.starts += 1;
        publisher.house ??= publisher.build();
        return publisher.house.start();
      };
      let left = false;
      return {
        use: async (program, work, signal) => {
          bury(publisher);
          await publisher.backOff.ready(signal);
          const guest = takeIdle(publisher, program) ?? start();
          publisher.busy.add(guest);
          try {
            const result = await work(guest, publisher.lodgers <= bounds.prepared);
            publisher.backOff.succeeded();
            return result;
          } finally {
            publisher.busy.delete(guest);
            bury(publisher);
            give(publisher, guest, program);
          }
        },
        get starts() {
          return counters.starts;
        },
        leave: () => {
          if (left) return;
          left = true;
          publisher.lodgers -= 1;
          if (publisher.lodgers > 0) return;
          closeHouse(publisher);
          publishers.delete(name);
        },
      };
    },
    stats: () => ({
      houses: all().filter(({ house }) => house?.alive === true && house.wall !== "none").length,
      guests: all().reduce((sum, publisher) => sum + guestsOf(publisher), 0),
    }),
    sweep: () => {
      const before = clock.monotonic() - bounds.idleMs;
      for (const publisher of all()) {
        for (const { guest, since } of publisher.idle) if (since <= before) finish(guest);
        publisher.idle = publisher.idle.filter(({ since }) => since > before);
        const idle = publisher.busy.size === 0 && publisher.idle.length === 0;
        if (idle && publisher.usedAt <= before) closeHouse(publisher);
      }
    },
    close: async () => {
      closed = true;
      for (const publisher of all()) closeHouse(publisher);
      await Promise.all(ending);
    },
  };
};
