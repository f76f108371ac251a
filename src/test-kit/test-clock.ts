/** A clock that moves only when the test says so. */
export interface TestClock {
  /** ms since epoch. */
  now(): number;
  /** Moves on by ms and gives the new time; the enclave's clock never goes back. Throws `RangeError` for less than 0. */
  advance(milliseconds: number): number;
  /** Goes to a time, RFC 3339 text or ms since epoch, and gives it; back as well, for a test of another day. */
  set(time: string | number): number;
}

/** ms since epoch of RFC 3339 text or of ms. Throws `RangeError` for what is no time. */
export const timeOf = (time: string | number): number => {
  const read = typeof time === "number" ? time : Date.parse(time);
  if (!Number.isSafeInteger(read) || read < 0) throw new RangeError(`${time} is no time`);
  return read;
};

/**
 * @example
 * ```ts
 * const clock = createTestClock("2026-05-10T12:00:00Z");
 * clock.advance(3_600_000);
 * new Date(clock.now()).toISOString(); // "2026-05-10T13:00:00.000Z"
 * ```
 */
export const createTestClock = (start: string | number): TestClock => {
  let time = timeOf(start);
  return {
    now: () => time,
    advance: (milliseconds) => {
      if (!(milliseconds >= 0)) throw new RangeError("a clock does not go back");
      time = timeOf(time + milliseconds);
      return time;
    },
    set: (next) => {
      time = timeOf(next);
      return time;
    },
  };
};
