import { fabricError, midpoint, readJson } from "cryptlet-fabric/sdk";

/**
 * Coinbase's ticker: middle of best ask and best bid, with the time of the last trade.
 * https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproductticker
 * @type {import("cryptlet-fabric/sdk").PriceSource}
 */
export const coinbase = {
  id: "coinbase",
  request: { method: "GET", url: "https://api.exchange.coinbase.com/products/ETH-USD/ticker" },
  maxAgeMs: 300_000,
  extract: ({ body }) => {
    const ticker = readJson(body);
    const bid = ticker.field("bid").price("text");
    const ask = ticker.field("ask").price("text");
    if (bid.compare(ask) > 0) throw fabricError("PRICE_CROSSED", { path: ticker.path });
    return { price: midpoint(bid, ask), observedAt: ticker.field("time").isoTime() };
  },
};
