import { fieldOf, Fixed, itemOf, Json, Kind } from "cryptlet";

export const IDS: string[] = ["gold-api", "kraken", "bitfinex"];
export const URLS: string[] = [
  "https://api.gold-api.com/price/XAU",
  "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD",
  "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD",
];

/** What one answer gave: a price, or the code of a fault. */
export class Reading {
  price: Fixed | null = null;
  fault: string = "";
  outlier: bool = false;

  constructor(
    public id: string,
    public answer: Json,
  ) {}
}

/** Texts of bid and ask, or the code of a fault. */
class Quote {
  bid: string = "";
  ask: string = "";
  fault: string = "";
}

function failed(code: string): Quote {
  const quote = new Quote();
  quote.fault = code;
  return quote;
}

function quoteOf(low: Json | null, high: Json | null, kind: Kind): Quote {
  if (low === null || high === null || low.kind != kind || high.kind != kind)
    return failed("SOURCE_SHAPE");
  const quote = new Quote();
  quote.bid = low.text;
  quote.ask = high.text;
  return quote;
}

function goldApi(root: Json): Quote {
  const symbol = root.field("symbol");
  if (symbol === null || !symbol.says("XAU")) return failed("SOURCE_SHAPE");
  const price = root.field("price");
  return quoteOf(price, price, Kind.Number);
}

function kraken(root: Json): Quote {
  const errors = root.field("error");
  if (errors === null || errors.kind != Kind.List) return failed("SOURCE_SHAPE");
  if (errors.items.length > 0) return failed("SOURCE_REPORTED_ERROR");
  const ticker = fieldOf(root.field("result"), "PAXGUSD");
  return quoteOf(itemOf(fieldOf(ticker, "b"), 0), itemOf(fieldOf(ticker, "a"), 0), Kind.Text);
}

function bitfinex(root: Json): Quote {
  const first = root.item(0);
  if (first !== null && first.says("error")) return failed("SOURCE_REPORTED_ERROR");
  if (root.item(9) === null) return failed("SOURCE_SHAPE");
  return quoteOf(first, root.item(2), Kind.Number);
}

/** Code of what is wrong with a price; empty where nothing is. */
function faultOf(price: Fixed | null): string {
  if (price === null) return "PRICE_NOT_A_NUMBER";
  return price.units > 0 ? "" : "PRICE_NOT_POSITIVE";
}

function readBody(source: i32, answer: Json, reading: Reading): string {
  if (answer.field("status")!.integer() != 200) return "SOURCE_STATUS";
  const root = Json.parse(answer.field("body")!.text);
  if (root === null) return "SOURCE_SHAPE";
  const quote = source == 0 ? goldApi(root) : source == 1 ? kraken(root) : bitfinex(root);
  if (quote.fault != "") return quote.fault;
  const bid = Fixed.parse(quote.bid);
  if (faultOf(bid) != "") return faultOf(bid);
  const ask = Fixed.parse(quote.ask);
  if (faultOf(ask) != "") return faultOf(ask);
  if (bid!.units > ask!.units) return "PRICE_CROSSED";
  reading.price = Fixed.middle(bid!, ask!);
  return "";
}

export function readSource(source: i32, answer: Json): Reading {
  const reading = new Reading(IDS[source], answer);
  reading.fault =
    answer.field("ok")!.kind == Kind.True
      ? readBody(source, answer, reading)
      : answer.field("error")!.field("code")!.text;
  return reading;
}
