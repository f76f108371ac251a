import { fabricError, readJson, type PriceSource } from "../../../../src/sdk/index.ts";

/** Updated about every half minute while the spot market is open. */
const MAX_AGE_MS = 10 * 60_000;

/** gold-api.com: one spot price with its time (https://gold-api.com/llms.txt). */
export const goldApi: PriceSource = {
  id: "gold-api",
  request: { method: "GET", url: "https://api.gold-api.com/price/XAU" },
  maxAgeMs: MAX_AGE_MS,
  extract: ({ body }) => {
    const root = readJson(body);
    const symbol = root.field("symbol").text();
    const currency = root.optionalField("currency")?.text() ?? "USD";
    if (symbol !== "XAU" || currency !== "USD")
      throw fabricError("SOURCE_SHAPE", { path: "$.symbol", reason: "not XAU in USD" });
    return {
      price: root.field("price").price("number"),
      observedAt: root.field("updatedAt").isoTime(),
    };
  },
};
