import {
  fabricError,
  readJson,
  type HttpRequest,
  type ReceivedAnswer,
  type RecordField,
} from "cryptlet-fabric/sdk";
import type { Order } from "./order.ts";

type StripeRequest = Omit<HttpRequest, "id">;

const PAYOUTS = "https://api.stripe.com/v1/payouts";
const ID = /^po_[A-Za-z0-9]{1,64}$/;

/** https://docs.stripe.com/api/payouts/create, https://docs.stripe.com/api/idempotent_requests */
export const makePayout = (
  { order, amount, currency }: Order,
  idempotencyKey: string,
): StripeRequest => ({
  method: "POST",
  url: PAYOUTS,
  headers: {
    "content-type": "application/x-www-form-urlencoded",
    "idempotency-key": idempotencyKey,
  },
  body: `amount=${amount}&currency=${currency}&metadata[order]=${order}`,
});

/** https://docs.stripe.com/api/payouts/retrieve */
export const lookAtPayout = (payout: string): StripeRequest => ({
  method: "GET",
  url: `${PAYOUTS}/${payout}`,
});

/**
 * What Stripe says of the payout. Throws `SOURCE_REPORTED_ERROR` with Stripe's own code, `SOURCE_STATUS`,
 * `SOURCE_SHAPE` for another payout than was asked for, `JSON_INVALID`.
 */
export const readPayout = (
  { status, body }: ReceivedAnswer,
  { order, amount, currency }: Order,
): {
  readonly payout: string;
  readonly fields: Readonly<Record<string, RecordField>>;
  readonly changedAt: number;
} => {
  if (status >= 500) throw fabricError("SOURCE_STATUS", { status });
  const root = readJson(body);
  if (status !== 200) {
    const reported = root.field("error");
    const reason = (reported.optionalField("code") ?? reported.field("type")).text();
    throw fabricError("SOURCE_REPORTED_ERROR", { reason: reason.slice(0, 200) });
  }
  const payout = root.field("id").text();
  const said = {
    order: root.field("metadata").field("order").text(),
    amount: root.field("amount").number(),
    currency: root.field("currency").text(),
  };
  if (!ID.test(payout)) throw fabricError("SOURCE_SHAPE", { path: "$.id", reason: "no payout" });
  if (said.order !== order || said.amount !== amount || said.currency !== currency)
    throw fabricError("SOURCE_SHAPE", { path: "$", reason: "the payout of another order" });
  return {
    payout,
    fields: {
      order: { type: "string", value: order },
      payout: { type: "string", value: payout },
      status: { type: "string", value: root.field("status").text() },
      amount: { type: "decimal", value: amount },
      currency: { type: "string", value: currency },
    },
    changedAt: root.field("created").epoch("s"),
  };
};
