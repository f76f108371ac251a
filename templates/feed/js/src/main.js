import { aggregate, defineCryptlet, noParameters, readSources } from "cryptlet-fabric/sdk";
import manifest from "../cryptlet.json" with { type: "json" };
import { coinbase } from "./sources/coinbase.js";
import { kraken } from "./sources/kraken.js";

/**
 * Exchanges differ by some tenths of a per cent in a hurry: that much is always allowed, and two per cent never, even
 * when the sources disagree among themselves. In millionths of the median.
 */
const RULE = { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000 };

/**
 * It trades at all hours.
 * @type {import("cryptlet-fabric/sdk").MarketState}
 */
const MARKET = { status: "open", session: null, nextOpen: null };

/** Ether in US dollars. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "eth-usd": { parameters: noParameters } },
  run: (ctx) =>
    aggregate(ctx.feed, readSources(ctx, [kraken, coinbase]), { ...RULE, market: MARKET }),
});
