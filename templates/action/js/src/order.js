import { readParameters } from "cryptlet-fabric/sdk";

/**
 * What is to be paid: the parameters of the feed. The amount is a whole number in the currency's smallest unit.
 * @typedef {{ readonly order: string, readonly amount: string, readonly currency: string }} Order
 */

/**
 * Throws `PARAMETERS_INVALID`.
 * @param {import("cryptlet-fabric/sdk").Json} parameters
 * @returns {Order}
 */
export const readOrder = (parameters) => {
  const reader = readParameters(parameters);
  const order = {
    order: reader.text("order", /^[A-Za-z0-9-]{1,64}$/),
    amount: reader.text("amount", /^[1-9]\d{0,9}$/),
    currency: reader.oneOf("currency", ["usd", "eur", "gbp"]),
  };
  reader.end();
  return order;
};

/**
 * The same text for the same order, and for no other one.
 * @param {Order} order
 */
export const orderText = ({ order, amount, currency }) => [order, amount, currency].join(" ");
