import { fabricError, midpoint, readJson, type PriceSource } from "../../../../src/sdk/index.ts";

/** The time is the last trade's, and PAXG can go without one for a while; bid and ask are those of now. */
const MAX_AGE_MS = 60 * 60_000;

/**
 * Coinbase Exchange's ticker of PAXG (one token is one troy ounce): middle of best ask and best bid.
 * https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-ticker
 */
export const coinbase: PriceSource = {
  id: "coinbase",
  request: { method: "GET", url: "https://api.exchange.coinbase.com/products/PAXG-USD/ticker" },
  maxAgeMs: MAX_AGE_MS,
  extract: ({ body }) => {
    const root = readJson(body);
    const bid = root.field("bid").price("text");
    const ask = root.field("ask").price("text");
    if (bid.compare(ask) > 0) throw fabricError("PRICE_CROSSED", { path: root.path });
    return { price: midpoint(bid, ask), observedAt: root.field("time").isoTime() };
  },
};
