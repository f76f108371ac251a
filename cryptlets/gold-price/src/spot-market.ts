import type { MarketState } from "../../../src/sdk/index.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** The epoch began on a Thursday; the first Sunday 00:00 UTC came three days later. */
const FIRST_SUNDAY = 3 * DAY_MS;
/** Hours after Sunday 00:00 UTC. */
const OPENS = 22 * HOUR_MS;
const CLOSES = 5 * DAY_MS + 21 * HOUR_MS;

/**
 * State of the spot gold market by the week alone: open from Sunday 22:00 to Friday 21:00 UTC. Not known here: holidays,
 * the daily pause of an hour, and summer time, which moves both ends by an hour; inside these hours the state is a
 * rule of thumb, and the age of the spot sources decides. Tokenised gold trades at all times.
 */
export const spotMarketAt = (time: number): MarketState => {
  const week = time - FIRST_SUNDAY;
  const start = time - (((week % WEEK_MS) + WEEK_MS) % WEEK_MS);
  const since = time - start;
  if (since >= OPENS && since < CLOSES)
    return { status: "open", session: "spot week (Sun 22:00 - Fri 21:00 UTC)", nextOpen: null };
  return {
    status: "closed",
    session: "spot weekend, tokenised gold trades on",
    nextOpen: start + (since < OPENS ? OPENS : WEEK_MS + OPENS),
  };
};
