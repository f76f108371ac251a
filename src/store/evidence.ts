import type { Digest } from "../core/ids.ts";
import type { Executor } from "./store.ts";

/** Keeps evidence once, whatever number of envelopes stands on it. */
export const keepEvidence = async (
  db: Executor,
  digest: Digest,
  evidenceJson: string,
  at: number,
): Promise<void> => {
  await db
    .insertInto("evidence")
    .values({ digest, evidence_json: evidenceJson, stored_at: at })
    .onConflict((conflict) => conflict.column("digest").doNothing())
    .execute();
};
