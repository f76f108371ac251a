import { divideHalfEven } from "../core/decimal.ts";
import type { Clock } from "../core/clock.ts";
import type { FaultKind } from "./fault.ts";
import { priceText, type PriceProcess } from "./price-process.ts";
import { notFound, type Provider, type ProviderAnswer, type ProviderName } from "./provider.ts";

/** How a venue lies beside the common price, in millionths: spot desks near it, tokenised gold with a premium. */
const VENUES: Readonly<
  Record<string, { readonly premiumPpm: bigint; readonly halfSpreadPpm: bigint }>
> = {
  swissquote: { premiumPpm: 0n, halfSpreadPpm: 60n },
  "gold-api": { premiumPpm: 40n, halfSpreadPpm: 0n },
  kraken: { premiumPpm: 350n, halfSpreadPpm: 150n },
  coinbase: { premiumPpm: 420n, halfSpreadPpm: 180n },
  bitfinex: { premiumPpm: -300n, halfSpreadPpm: 250n },
};
/** A fault of the clock: values are this old, in ms. */
const STALE_MS = 6 * 3_600_000;

/** Writes a price as JSON; a fault decides what stands there instead. */
type PriceToken = (price: bigint, decimals: number, as: "text" | "number") => string;

/** One reading of a venue. */
interface Quote {
  readonly bid: bigint;
  readonly ask: bigint;
  readonly mid: bigint;
  /** ms since epoch. */
  readonly time: number;
  readonly token: PriceToken;
}

/** The five gold providers over one price, in their own shapes. */
export const createGoldProviders = (market: {
  readonly price: PriceProcess;
  readonly clock: Clock;
}): readonly Provider[] => {
  const provider = (
    name: ProviderName,
    host: string,
    path: string,
    render: (quote: Quote) => string,
  ): Provider => ({
    name,
    hosts: [host],
    answer: ({ method, path: asked, query }, fault): ProviderAnswer => {
      const whole = query.size > 0 ? `${asked}?${query.toString()}` : asked;
      if (method !== "GET" || whole !== path) return notFound;
      return { status: 200, body: render(quoteOf(name, market, fault)) };
    },
  });
  return [
    provider(
      "swissquote",
      "forex-data-feed.swissquote.com",
      "/public-quotes/bboquotes/instrument/XAU/USD",
      swissquote,
    ),
    provider("gold-api", "api.gold-api.com", "/price/XAU", goldApi),
    provider("kraken", "api.kraken.com", "/0/public/Ticker?pair=PAXGUSD", kraken),
    provider("coinbase", "api.exchange.coinbase.com", "/products/PAXG-USD/ticker", coinbase),
    provider("bitfinex", "api-pub.bitfinex.com", "/v2/ticker/tXAUT:USD", bitfinex),
  ];
};

const partsPerMillion = (price: bigint, parts: bigint): bigint =>
  divideHalfEven(price * parts, 1_000_000n);

const quoteOf = (
  name: string,
  { price, clock }: { readonly price: PriceProcess; readonly clock: Clock },
  fault: FaultKind | null,
): Quote => {
  const { premiumPpm, halfSpreadPpm } = VENUES[name] ?? { premiumPpm: 0n, halfSpreadPpm: 0n };
  const common = fault === "outlier" ? price.now() * 2n : price.now();
  const mid = common + partsPerMillion(common, premiumPpm);
  const half = partsPerMillion(mid, fault === "crossed" ? -halfSpreadPpm : halfSpreadPpm);
  return {
    bid: mid - half,
    ask: mid + half,
    mid,
    time: clock.now() - (fault === "stale" ? STALE_MS : 0),
    token: tokenOf(fault),
  };
};

const tokenOf = (fault: FaultKind | null): PriceToken => {
  if (fault === "wrong-type") return () => "true";
  if (fault === "nan") return () => '"NaN"';
  return (price, decimals, as) => {
    const value = fault === "negative" ? -price : fault === "zero" ? 0n : price;
    const text = priceText(value, decimals);
    return as === "text" ? `"${text}"` : text;
  };
};

/** https://forex-data-feed.swissquote.com: one entry per trading platform, one price per client profile. */
const swissquote = ({ bid, ask, mid, time, token }: Quote): string => {
  const profile = (name: string, width: bigint) => {
    const low = mid - (mid - bid) * width;
    const high = mid + (ask - mid) * width;
    return `{"spreadProfile":"${name}","bidSpread":${width}${width}.1,"askSpread":${width}${width}.1,"bid":${token(low, 3, "number")},"ask":${token(high, 3, "number")}}`;
  };
  const platform = (kind: string, server: string, at: number) =>
    `{"topo":{"platform":"${kind}","server":"${server}"},"spreadProfilePrices":[${profile("premium", 2n)},${profile("prime", 1n)},${profile("standard", 3n)}],"ts":${at}}`;
  return `[${platform("SwissquoteLtd", "Live5", time - 140)},${platform("AT", "AT", time - 55)},${platform("MT5", "Live2", time - 230)}]`;
};

/** https://gold-api.com/llms.txt */
const goldApi = ({ mid, time, token }: Quote): string =>
  `{"currency":"USD","currencySymbol":"$","exchangeRate":1,"name":"Gold","price":${token(mid, 6, "number")},"symbol":"XAU","updatedAt":"${wholeSeconds(time)}","updatedAtReadable":"a few seconds ago"}`;

/** https://docs.kraken.com/api/docs/rest-api/get-ticker-information */
const kraken = ({ bid, ask, mid, token }: Quote): string => {
  const text = (price: bigint) => token(price, 5, "text");
  return `{"error":[],"result":{"PAXGUSD":{"a":[${text(ask)},"1","1.000"],"b":[${text(bid)},"2","2.000"],"c":[${text(mid)},"0.05000000"],"v":["212.31530822","689.88315118"],"p":[${text(mid)},${text(mid)}],"t":[1204,3911],"l":[${text(bid)},${text(bid)}],"h":[${text(ask)},${text(ask)}],"o":${text(mid)}}}}`;
};

/** https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-ticker */
const coinbase = ({ bid, ask, mid, time, token }: Quote): string =>
  `{"ask":${token(ask, 2, "text")},"bid":${token(bid, 2, "text")},"volume":"1482.31740000","trade_id":13284412,"price":${token(mid, 2, "text")},"size":"0.0241","time":"${new Date(time - 900).toISOString().replace("Z", "412Z")}","rfq_volume":"0"}`;

/** https://docs.bitfinex.com/reference/rest-public-ticker */
const bitfinex = ({ bid, ask, mid, token }: Quote): string => {
  const number = (price: bigint) => token(price, 1, "number");
  return `[${number(bid)},41.30826115,${number(ask)},37.0214873,-4.1,-0.00098353,${number(mid)},212.94173551,${number(ask)},${number(bid)}]`;
};

const wholeSeconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
