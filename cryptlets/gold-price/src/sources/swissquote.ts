import {
  fabricError,
  midpoint,
  readJson,
  type Fixed,
  type JsonReader,
  type PriceSource,
} from "../../../../src/sdk/index.ts";

/** Interbank spot; stands still at the weekend, so an older quote is no price. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Swissquote's public quotes: a list of trading platforms, each with bid and ask per client profile. Read is the
 * platform that quoted last, and in it the profile with the tightest spread; the price is the middle.
 */
export const swissquote: PriceSource = {
  id: "swissquote",
  request: {
    method: "GET",
    url: "https://forex-data-feed.swissquote.com/public-quotes/bboquotes/instrument/XAU/USD",
  },
  maxAgeMs: MAX_AGE_MS,
  extract: ({ body }) => {
    const root = readJson(body);
    const platforms = root.items().map((platform) => ({
      time: platform.field("ts").epoch("ms"),
      quotes: platform.field("spreadProfilePrices").items().map(readQuote),
    }));
    const latest = platforms.toSorted((a, b) => b.time - a.time)[0];
    const tightest = latest?.quotes.toSorted((a, b) => a.spread.compare(b.spread))[0];
    if (!latest || !tightest)
      throw fabricError("SOURCE_SHAPE", { path: root.path, reason: "no platform quotes a price" });
    return { price: tightest.middle, observedAt: latest.time };
  },
};

const readQuote = (quote: JsonReader): { readonly middle: Fixed; readonly spread: Fixed } => {
  const bid = quote.field("bid").price("number");
  const ask = quote.field("ask").price("number");
  if (bid.compare(ask) > 0) throw fabricError("PRICE_CROSSED", { path: quote.path });
  return { middle: midpoint(bid, ask), spread: ask.subtract(bid) };
};
