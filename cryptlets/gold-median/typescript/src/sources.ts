import {
  fabricError,
  isFabricError,
  readJson,
  type HttpAnswer,
  type JsonReader,
} from "../../../../src/sdk/index.ts";
import { middleOf, parsePrice } from "./price.ts";

/** Items of a trading pair's ticker. */
const BITFINEX_ITEMS = 10;

/** Price texts of one answer. */
interface Quote {
  readonly bid: string;
  readonly ask: string;
}

const goldApi = (root: JsonReader): Quote => {
  if (root.field("symbol").text() !== "XAU")
    throw fabricError("SOURCE_SHAPE", { path: "$.symbol", reason: "not XAU" });
  const price = root.field("price").number();
  return { bid: price, ask: price };
};

const kraken = (root: JsonReader): Quote => {
  if (root.field("error").items().length > 0)
    throw fabricError("SOURCE_REPORTED_ERROR", { reason: "kraken" });
  const ticker = root.field("result").field("PAXGUSD");
  return { bid: ticker.field("b").item(0).text(), ask: ticker.field("a").item(0).text() };
};

const bitfinex = (root: JsonReader): Quote => {
  if (root.items()[0]?.value === "error")
    throw fabricError("SOURCE_REPORTED_ERROR", { reason: "bitfinex" });
  root.item(BITFINEX_ITEMS - 1);
  return { bid: root.item(0).number(), ask: root.item(2).number() };
};

export const SOURCES = [
  { id: "gold-api", url: "https://api.gold-api.com/price/XAU", quote: goldApi },
  { id: "kraken", url: "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD", quote: kraken },
  { id: "bitfinex", url: "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD", quote: bitfinex },
] as const;
export type SourceId = (typeof SOURCES)[number]["id"];

/** What is wrong with a body's text is one fault, whatever the reader calls it. */
const SHAPE_FAULTS = new Set(["JSON_INVALID", "JSON_DUPLICATE_KEY"]);

const faultOf = (error: unknown): string => {
  if (!isFabricError(error)) throw error;
  return SHAPE_FAULTS.has(error.code) ? "SOURCE_SHAPE" : error.code;
};

/** The price of one answer, or the code of the first fault in it. */
export const readSource = (
  source: (typeof SOURCES)[number],
  answer: HttpAnswer,
):
  | { readonly price: bigint; readonly fault: null }
  | { readonly price: null; readonly fault: string } => {
  if (!answer.ok) return { price: null, fault: answer.error.code };
  if (answer.status !== 200) return { price: null, fault: "SOURCE_STATUS" };
  try {
    const quote = source.quote(readJson(answer.body));
    const bid = parsePrice(quote.bid, "bid");
    const ask = parsePrice(quote.ask, "ask");
    if (bid > ask) throw fabricError("PRICE_CROSSED", { path: source.id });
    return { price: middleOf(bid, ask), fault: null };
  } catch (error) {
    return { price: null, fault: faultOf(error) };
  }
};
