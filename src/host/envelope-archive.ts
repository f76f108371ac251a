import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import {
  evidenceSchema,
  MAX_EVIDENCE,
  parseBundle,
  type Bundle,
  type Receipt,
} from "../envelope/bundle.ts";
import { listDeliveries, type DeliveryRow } from "../store/deliveries.ts";
import { findBundle } from "../store/envelopes.ts";
import { findRoundByEnvelope } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { EnvelopeArchive } from "./fabric.ts";

/** Most receipts that a bundle carries (`bundleSchema`). */
const MAX_RECEIPTS = 64;

/** One piece, or those of all the hosts that signed. */
const keptEvidenceSchema = z.union([
  evidenceSchema.transform((piece) => [piece]),
  z.array(evidenceSchema).min(1).max(MAX_EVIDENCE),
]);

const toReceipt = (row: DeliveryRow, chainId: string): readonly Receipt[] =>
  row.txHash === null || row.blockNumber === null
    ? []
    : [
        {
          chain: row.chain,
          chainId,
          contract: row.contract,
          transaction: row.txHash,
          blockNumber: row.blockNumber,
          blockHash: row.blockHash,
          round: row.round,
        },
      ];

/** Envelopes of this fabric's database. `chainIds` gives the chain id of a chain's name. */
export const createEnvelopeArchive = (
  store: Store,
  chainIds: ReadonlyMap<string, string>,
): EnvelopeArchive => {
  const stored = async (digest: Digest): Promise<Bundle> => {
    const found = await findBundle(store.db, digest);
    if (found === null) throw fabricError("ENVELOPE_UNKNOWN", { digest });
    const bundle = parseBundle(found.bundleJson);
    if (found.evidenceJson === null) return bundle;
    const evidence: unknown = JSON.parse(found.evidenceJson);
    return { ...bundle, evidence: keptEvidenceSchema.parse(evidence) };
  };
  return {
    async bundle(digest) {
      const bundle = await stored(digest);
      const round = await findRoundByEnvelope(store.db, digest);
      if (!round) return bundle;
      const landed = await listDeliveries(store.db, {
        feed: round.feed,
        round: round.round,
        statuses: ["final"],
        limit: MAX_RECEIPTS,
      });
      const receipts = landed.flatMap((row) => toReceipt(row, chainIds.get(row.chain) ?? ""));
      return { ...bundle, receipts };
    },
    async envelope(digest, form) {
      const bundle = await stored(digest);
      const envelope = form === "json" ? bundle.envelope : bundle.onchain;
      if (!envelope) throw fabricError("ENVELOPE_UNKNOWN", { digest });
      return envelope;
    },
  };
};
