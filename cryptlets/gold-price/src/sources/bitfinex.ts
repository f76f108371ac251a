import { fabricError, midpoint, readJson, type PriceSource } from "../../../../src/sdk/index.ts";

/** Fields of a trading pair's ticker: BID, BID_SIZE, ASK, ASK_SIZE, four more of the day, HIGH, LOW. */
const FIELDS = 10;

/**
 * Bitfinex's ticker of XAUT (one token is one troy ounce): middle of best ask and best bid. It has no time of its own.
 * https://docs.bitfinex.com/reference/rest-public-ticker
 */
export const bitfinex: PriceSource = {
  id: "bitfinex",
  request: { method: "GET", url: "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD" },
  maxAgeMs: null,
  extract: ({ body }) => {
    const root = readJson(body);
    const fields = root.items();
    // A refusal has the same outer form: ["error", 10020, "symbol: invalid"].
    if (fields[0]?.value === "error")
      throw fabricError("SOURCE_REPORTED_ERROR", { reason: root.item(2).text().slice(0, 200) });
    root.item(FIELDS - 1);
    const bid = root.item(0).price("number");
    const ask = root.item(2).price("number");
    if (bid.compare(ask) > 0) throw fabricError("PRICE_CROSSED", { path: root.path });
    return { price: midpoint(bid, ask), observedAt: null };
  },
};
