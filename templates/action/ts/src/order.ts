import { readParameters, type Json } from "cryptlet-fabric/sdk";

/** What is to be paid: the parameters of the feed. */
export interface Order {
  readonly order: string;
  /** Whole number in the currency's smallest unit. */
  readonly amount: string;
  readonly currency: string;
}

/** Throws `PARAMETERS_INVALID`. */
export const readOrder = (parameters: Json): Order => {
  const reader = readParameters(parameters);
  const order = {
    order: reader.text("order", /^[A-Za-z0-9-]{1,64}$/),
    amount: reader.text("amount", /^[1-9]\d{0,9}$/),
    currency: reader.oneOf("currency", ["usd", "eur", "gbp"]),
  };
  reader.end();
  return order;
};

/** The same text for the same order, and for no other one. */
export const orderText = ({ order, amount, currency }: Order): string =>
  [order, amount, currency].join(" ");
