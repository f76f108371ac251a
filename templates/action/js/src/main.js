import { defineCryptlet, observeRecord, throwAbiError } from "cryptlet-fabric/sdk";
import manifest from "../cryptlet.json" with { type: "json" };
import { orderText, readOrder } from "./order.js";
import { lookAtPayout, makePayout, readPayout } from "./payout.js";

/** Pays the order of the parameters once. What was paid is in the state, so that a later run only looks at it. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { payout: { parameters: readOrder } },
  run: (ctx) => {
    const order = ctx.parameters;
    // Of the order alone: the same one again is the same payment, whichever run asks.
    const key = ctx.pure.sha256({ text: `${manifest.id}/payout/v1 ${orderText(order)}` });
    const payout = ctx.state.get(key);
    const headers = { authorization: `Bearer ${ctx.secret("STRIPE_SECRET_KEY")}` };
    const request = payout === null ? makePayout(order, key) : lookAtPayout(payout);
    const [answer] = ctx.http.all([
      { ...request, id: "stripe", headers: { ...headers, ...request.headers } },
    ]);
    if (!answer?.ok) return throwAbiError(answer?.error);
    const reading = readPayout(answer, order);
    if (payout === null) ctx.state.put(key, reading.payout);
    return observeRecord(ctx.feed, { source: "stripe", answer, ...reading });
  },
});
