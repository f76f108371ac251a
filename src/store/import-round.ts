import { fabricError } from "../core/errors/fabric-error.ts";
import { findRound, insertRound, type RoundRow } from "./rounds.ts";
import type { Executor } from "./store.ts";

/**
 * Keeps a verified round that another host made, so that this database can deliver and show it. Rounds may arrive in any
 * order and with gaps. Returns false when it is there already. Part of the caller's transaction.
 * Throws `ROUND_FORKED` when another envelope has the same number: two hosts signed, and neither is believed here.
 */
export const importRound = async (
  trx: Executor,
  { round, bundleJson }: { readonly round: RoundRow; readonly bundleJson: string },
): Promise<boolean> => {
  const known = await findRound(trx, round.feed, round.round);
  if (known !== null) {
    if (known.envelopeDigest === round.envelopeDigest) return false;
    throw fabricError("ROUND_FORKED", {
      feed: round.feed,
      round: round.round,
      known: known.envelopeDigest,
      other: round.envelopeDigest,
    });
  }
  await insertRound(trx, { round, bundleJson, evidenceDigest: null });
  return true;
};
