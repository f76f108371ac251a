import { systemClock, type Clock } from "./clock.ts";

/**
 * The state of a market clock in shared memory, so that another thread tells the same time: two slots of
 * `{ real, market, speed }` and the number of the one that counts.
 */
export type SharedMarketTime = SharedArrayBuffer;

/** A clock for development that stands elsewhere than the machine's and goes at its own speed. It never goes back. */
export interface MarketClock extends Clock {
  /** Market ms that pass in one real ms; 0 stands still. */
  readonly speed: number;
  /** False while it tells the machine's own time. */
  readonly moved: boolean;
  /** Moves on by `milliseconds`, 0 or more, and wakes who is due. */
  advance(milliseconds: number): void;
  /** From now on; sleepers wait for market time, whatever its speed. */
  setSpeed(speed: number): void;
  /** For `readMarketTime` in another thread. */
  readonly shared: SharedMarketTime;
}

/** Numbers of one slot. */
const SLOT = 3;
const SLOTS_AT = 8;
const BYTES = SLOTS_AT + 2 * SLOT * Float64Array.BYTES_PER_ELEMENT;
/** Longest real wait in one piece, ms: what setTimeout takes. */
const LONGEST_WAIT_MS = 2_147_483_647;

interface Slot {
  /** Real time, ms since epoch, at which it was written. */
  readonly real: number;
  /** Market time at that moment. */
  readonly market: number;
  readonly speed: number;
}

const views = (shared: SharedMarketTime) => ({
  current: new Int32Array(shared, 0, 1),
  numbers: new Float64Array(shared, SLOTS_AT, 2 * SLOT),
});

const readSlot = ({ current, numbers }: ReturnType<typeof views>): Slot => {
  for (;;) {
    const at = Atomics.load(current, 0);
    const [real = 0, market = 0, speed = 1] = numbers.subarray(
      (at & 1) * SLOT,
      (at & 1) * SLOT + SLOT,
    );
    // The writer fills the other slot and then counts up: the same count means that this one was left alone.
    if (Atomics.load(current, 0) === at) return { real, market, speed };
  }
};

const timeOf = ({ real, market, speed }: Slot, now: number): number =>
  // A machine's clock that is set back must not take the market's along.
  Math.floor(market + Math.max(0, now - real) * speed);

/** Market time, ms since epoch, as the thread that owns the clock last set it. */
export const readMarketTime = (
  shared: SharedMarketTime,
  realNow: () => number = () => systemClock.now(),
): (() => number) => {
  const memory = views(shared);
  let latest = Number.NEGATIVE_INFINITY;
  return () => {
    latest = Math.max(latest, timeOf(readSlot(memory), realNow()));
    return latest;
  };
};

/**
 * @param start where it begins: `at` in ms since epoch (null: now) and its speed.
 * @param real what drives it; a test gives its own.
 * @example
 * ```ts
 * const clock = createMarketClock({ at: Date.parse("2026-03-01T23:50:00Z"), speed: 60 });
 * await clock.sleep(60_000); // one second
 * ```
 */
export const createMarketClock = (
  { at, speed: first }: { readonly at: number | null; readonly speed: number },
  real: Clock = systemClock,
): MarketClock => {
  const shared = new SharedArrayBuffer(BYTES);
  const memory = views(shared);
  const now = readMarketTime(shared, () => real.now());
  let speed = first;
  let moved = at !== null || first !== 1;
  const wakers = new Set<() => void>();

  const set = (market: number): void => {
    const next = (Atomics.load(memory.current, 0) + 1) | 0;
    memory.numbers.set([real.now(), market, speed], (next & 1) * SLOT);
    Atomics.store(memory.current, 0, next);
    for (const wake of wakers) wake();
  };
  set(at ?? real.now());
  const start = now();

  /** Until `ms` of real time have passed or the clock was set. */
  const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
    const end = new AbortController();
    const stop = () => end.abort();
    wakers.add(stop);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await real.sleep(Math.min(ms, LONGEST_WAIT_MS), { signal: end.signal }).catch(() => {});
    } finally {
      wakers.delete(stop);
      signal?.removeEventListener("abort", stop);
    }
  };

  return {
    shared,
    now,
    monotonic: () => now() - start,
    get speed() {
      return speed;
    },
    get moved() {
      return moved;
    },
    advance: (milliseconds) => {
      moved ||= milliseconds > 0;
      set(now() + Math.max(0, milliseconds));
    },
    setSpeed: (next) => {
      const market = now();
      moved ||= next !== 1;
      speed = next;
      set(market);
    },
    sleep: async (milliseconds, options) => {
      const signal = options?.signal;
      const due = now() + milliseconds;
      for (;;) {
        signal?.throwIfAborted();
        const left = due - now();
        if (left <= 0) return;
        await pause(speed === 0 ? LONGEST_WAIT_MS : left / speed, signal);
      }
    },
  };
};

/** Market time for statements and schedules of hosts, the machine's own pace for time-outs and pauses. */
export const atMarketTime = (market: Pick<Clock, "now">, pace: Clock = systemClock): Clock => ({
  now: () => market.now(),
  monotonic: () => pace.monotonic(),
  sleep: (milliseconds, options) => pace.sleep(milliseconds, options),
});
