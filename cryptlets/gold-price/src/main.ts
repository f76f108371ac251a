import manifest from "../cryptlet.json" with { type: "json" };
import { aggregate, defineCryptlet, noParameters, readSources } from "../../../src/sdk/index.ts";
import { bitfinex } from "./sources/bitfinex.ts";
import { coinbase } from "./sources/coinbase.ts";
import { goldApi } from "./sources/gold-api.ts";
import { kraken } from "./sources/kraken.ts";
import { spotMarketAt } from "./spot-market.ts";
import { swissquote } from "./sources/swissquote.ts";

/** Two spot desks and three books of tokens that stand for one troy ounce each. */
const SOURCES = [swissquote, goldApi, kraken, coinbase, bitfinex];

/**
 * Tokens trade within about half a per cent of spot, so that much is always allowed; two per cent is too much even
 * when the sources disagree among themselves.
 */
const RULE = { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000 };

/** Gold in USD per troy ounce. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "xau-usd": { parameters: noParameters } },
  run: (ctx) =>
    aggregate(ctx.feed, readSources(ctx, SOURCES), {
      ...RULE,
      market: spotMarketAt(ctx.trigger.at),
    }),
});
