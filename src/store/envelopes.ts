import type { Digest } from "../core/ids.ts";
import type { Executor } from "./store.ts";

/** A bundle as it is stored: JSON text without evidence, and the evidence that it stands on, as JSON text. */
export interface StoredBundle {
  readonly bundleJson: string;
  readonly evidenceJson: string | null;
}

/** The bundle of an envelope; null when there is none. */
export const findBundle = async (db: Executor, digest: Digest): Promise<StoredBundle | null> => {
  const row = await db
    .selectFrom("envelopes")
    .leftJoin("evidence", "evidence.digest", "envelopes.evidence_digest")
    .select(["envelopes.bundle_json", "evidence.evidence_json"])
    .where("envelopes.digest", "=", digest)
    .executeTakeFirst();
  return row ? { bundleJson: row.bundle_json, evidenceJson: row.evidence_json } : null;
};
