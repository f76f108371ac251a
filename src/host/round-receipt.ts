import type { Binding } from "../bindings/binding.ts";
import { isSettled } from "../adapters/contract/chain-adapter.ts";
import type { DeliveryView, RoundReceipt } from "./fabric.ts";

/** What a receipt is made of. */
export interface RoundReceiptParts {
  readonly round: Pick<RoundReceipt, "feed" | "round" | "envelopeDigest">;
  /** Deliveries that are stored for the round. */
  readonly deliveries: readonly DeliveryView[];
  /** Bindings whose chain has not yet taken the round off the bus. */
  readonly waiting: readonly Pick<Binding, "chain" | "contract">[];
}

/**
 * One receipt for all chains of a round. Only `final` counts as landed: a round that a newer one overtook is in nobody's
 * contract, and one that is included may still be reorganised away.
 */
export const makeRoundReceipt = ({
  round,
  deliveries,
  waiting,
}: RoundReceiptParts): RoundReceipt => {
  const asked = deliveries.length + waiting.length;
  const landed = deliveries.filter(({ status }) => status === "final").length;
  const settled = waiting.length === 0 && deliveries.every(isSettled);
  const outcome =
    asked === 0
      ? "unbound"
      : landed === asked
        ? "landed"
        : landed > 0
          ? "partial"
          : settled
            ? "missed"
            : "pending";
  return {
    ...round,
    outcome,
    settled,
    landed,
    asked,
    deliveries,
    waiting: waiting.map(({ chain, contract }) => ({ chain, contract })),
  };
};
