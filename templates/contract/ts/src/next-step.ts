import { fabricError } from "cryptlet-fabric/sdk";
import type { Escrow } from "./escrow.ts";

/** What the contract does when the feed says so. */
export const Step = { wait: 0n, release: 1n, refund: 2n } as const;

/** The contract's `State`. */
const State = { open: 0n, funded: 1n, delivered: 2n, released: 3n, refunded: 4n } as const;

/** A buyer may complain for this long after the delivery, in ms. */
const COMPLAINT_MS = 2 * 3_600_000;

/** The rules. Throws `SOURCE_SHAPE` for a state that the contract does not have. */
export const nextStep = ({
  state,
  deadline,
  deliveredAt,
  at,
}: Pick<Escrow, "state" | "deadline" | "deliveredAt" | "at">): bigint => {
  switch (state) {
    case State.funded:
      return at > deadline ? Step.refund : Step.wait;
    case State.delivered:
      return at >= deliveredAt + COMPLAINT_MS ? Step.release : Step.wait;
    case State.open:
    case State.released:
    case State.refunded:
      return Step.wait;
    default:
      throw fabricError("SOURCE_SHAPE", { path: "state()", reason: `there is no state ${state}` });
  }
};
