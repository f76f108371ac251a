import { availableParallelism } from "node:os";
import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
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

/** Told when a guest begins to wait for its host, and when it computes again. */
export type Pause = (paused: boolean) => void;

/** One Cryptlet's way to its publisher's guests. */
export interface Lodging {
  /**
   * Gives a guest that has nothing else to do to `work`, one that ran this program last if there is one. `again` says
   * whether it should get ready for the same program once more. The caller bounds how many there are.
   */
  use<Result>(
    program: string,
    work: (guest: Guest, again: boolean, pause: Pause) => Promise<Result>,
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
  /** Guests of a publisher that start at a time: a start costs as much as fifty runs, so others rather wait for a guest. */
  readonly starting: number;
  /**
   * Guests that compute at a time. Beyond them the machine is busy, and another guest would only take time from those
   * that are there: a run rather waits, until none was given back for `patienceMs`, or for `longestMs` in all.
   */
  readonly computing: number;
  readonly patienceMs: number;
  readonly longestMs: number;
  /** Cryptlets of a publisher up to which guests get ready for the same one again. */
  readonly prepared: number;
  readonly backOff: BackOffBounds;
}

export const POOL: PoolBounds = {
  guests: 48,
  houses: 24,
  idleMs: 60_000,
  starting: 1,
  computing: 2 * availableParallelism(),
  patienceMs: 25,
  longestMs: 250,
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
  /** Guests whose threads are not up yet. */
  starting: number;
  /** Whoever waits for a guest that has nothing to do, or for a start to be over. */
  readonly waiters: Set<() => void>;
  /** Cryptlets that have not left. */
  lodgers: number;
  usedAt: number;
}

const interrupted = () => fabricError("INTERRUPTED", { what: "The wait for a guest" });

const wakeOne = ({ waiters }: Publisher): void => {
  const [first] = waiters;
  if (!first) return;
  waiters.delete(first);
  first();
};

/**
 * The next time that a guest is given back, one begins to wait or a start is over; at the latest after `left` ms.
 * Throws `INTERRUPTED`.
 */
const nextChange = async (
  { waiters }: Publisher,
  options: { readonly signal: AbortSignal; readonly clock: Clock; readonly left: number | null },
): Promise<void> => {
  const { signal, clock, left } = options;
  if (signal.aborted) throw interrupted();
  const over = new AbortController();
  const abort = () => over.abort();
  signal.addEventListener("abort", abort, { once: true });
  let wake: () => void = abort;
  const change = new Promise<void>((resolve) => {
    wake = resolve;
    waiters.add(resolve);
    over.signal.addEventListener("abort", () => resolve(), { once: true });
    if (left === null) return;
    clock.sleep(left, { signal: over.signal }).then(resolve, resolve);
  });
  try {
    await change;
  } finally {
    signal.removeEventListener("abort", abort);
    over.abort();
    waiters.delete(wake);
  }
  if (signal.aborted) throw interrupted();
};

export const createGuestPool = (clock: Clock, bounds: PoolBounds = POOL): GuestPool => {
  const publishers = new Map<string, Publisher>();
  /** Guests that wait for their host. */
  const paused = new Set<Guest>();
  /** Ends that nobody waits for but `close`. */
  const ending = new Set<Promise<void>>();
  let closed = false;

  const finish = (what: { close(): Promise<void> }) => {
    const ended = what.close().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const all = () => [...publishers.values()];
  const guestsOf = ({ idle, busy }: Publisher): number => idle.length + busy.size;
  const computing = (): number => all().reduce((sum, { busy }) => sum + busy.size, 0) - paused.size;
  const wakeAll = () => {
    for (const publisher of publishers.values()) wakeOne(publisher);
  };
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
    if (!guest.alive) return wakeOne(publisher);
    if (closed || !publisher.house?.alive) finish(guest);
    else publisher.idle.push({ guest, program, since: clock.monotonic() });
    wakeOne(publisher);
  };

  const awaitStart = async (publisher: Publisher, ready: Promise<void>): Promise<void> => {
    publisher.starting += 1;
    await ready;
    publisher.starting -= 1;
    wakeOne(publisher);
  };

  return {
    lodge: (name, build) => {
      const publisher = publishers.get(name) ?? {
        build,
        backOff: createBackOff(clock, bounds.backOff),
        house: undefined,
        idle: [],
        busy: new Set<Guest>(),
        starting: 0,
        waiters: new Set<() => void>(),
        lodgers: 0,
        usedAt: clock.monotonic(),
      };
      publishers.set(name, publisher);
      publisher.lodgers += 1;
      const counters = { starts: 0, computing };
      const start = (): Guest => {
        makeRoom(publisher);
        counters.starts += 1;
        publisher.house ??= publisher.build();
        const guest = publisher.house.start();
        if (guest.ready) void awaitStart(publisher, guest.ready);
        return guest;
      };
      const acquire = async (program: string, signal: AbortSignal): Promise<Guest> => {
        const begun = clock.monotonic();
        for (;;) {
          const moved = Math.max(begun, publisher.usedAt);
          const patient = Math.min(moved + bounds.patienceMs, begun + bounds.longestMs);
          const hurries = publisher.busy.size === 0 || clock.monotonic() >= patient;
          const room = hurries || counters.computing() < bounds.computing;
          const guest =
            takeIdle(publisher, program) ??
            (room && publisher.starting < bounds.starting ? start() : undefined);
          if (guest) {
            publisher.busy.add(guest);
            return guest;
          }
          const left = hurries ? null : patient - clock.monotonic();
          await nextChange(publisher, { signal, clock, left });
        }
      };
      let left = false;
      return {
        use: async (program, work, signal) => {
          bury(publisher);
          await publisher.backOff.ready(signal);
          const guest = await acquire(program, signal);
          try {
            const again = publisher.lodgers <= bounds.prepared;
            const result = await work(guest, again, (waits) => {
              if (waits) paused.add(guest);
              else paused.delete(guest);
              if (waits) wakeAll();
            });
            publisher.backOff.succeeded();
            return result;
          } finally {
            publisher.busy.delete(guest);
            paused.delete(guest);
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
