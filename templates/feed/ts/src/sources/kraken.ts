import { fabricError, midpoint, readJson, type PriceSource } from "cryptlet-fabric/sdk";

/**
 * Kraken's ticker: middle of best ask and best bid. It has no time of its own.
 * https://docs.kraken.com/api/docs/rest-api/get-ticker-information
 */
export const kraken: PriceSource = {
  id: "kraken",
  request: { method: "GET", url: "https://api.kraken.com/0/public/Ticker?pair=ETHUSD" },
  maxAgeMs: null,
  extract: ({ body }) => {
    const root = readJson(body);
    // Kraken answers 200 with errors inside.
    const [error] = root.field("error").items();
    if (error) throw fabricError("SOURCE_REPORTED_ERROR", { reason: error.text().slice(0, 200) });
    const ticker = root.field("result").field("XETHZUSD");
    const bid = ticker.field("b").item(0).price("text");
    const ask = ticker.field("a").item(0).price("text");
    if (bid.compare(ask) > 0) throw fabricError("PRICE_CROSSED", { path: ticker.path });
    return { price: midpoint(bid, ask), observedAt: null };
  },
};
