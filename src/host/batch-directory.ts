import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { proveBatchMember } from "../envelope/batch-proof.ts";
import { parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { parseObservation } from "../envelope/observation-json.ts";
import { findBundle } from "../store/envelopes.ts";
import { findRound, latestRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { BatchDirectory } from "./fabric.ts";

/** Proofs of members, made from the batches of this fabric's database. */
export const createBatchDirectory = (
  store: Store,
  batches: ReadonlySet<FeedId>,
): BatchDirectory => ({
  async proof(batch, round, feed) {
    if (!batches.has(batch)) throw fabricError("FEED_UNKNOWN", { feed: batch });
    const row =
      round === "latest"
        ? await latestRound(store.db, batch)
        : await findRound(store.db, batch, round);
    const found = row && (await findBundle(store.db, row.envelopeDigest));
    if (!row || !found)
      throw fabricError("ROUND_UNKNOWN", { feed: batch, round: round === "latest" ? 1 : round });
    const { envelope } = parseBundle(found.bundleJson);
    const payload = payloadBytes(envelope);
    const proof = proveBatchMember(parseObservation(payload), digestOf(payload), feed);
    return { envelopeDigest: row.envelopeDigest, proof };
  },
});
