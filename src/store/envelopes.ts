import type { Digest } from "../core/ids.ts";
import type { Executor } from "./store.ts";

/** Bundle JSON text of an envelope; null when there is none. */
export const findBundle = async (db: Executor, digest: Digest): Promise<string | null> => {
  const row = await db
    .selectFrom("envelopes")
    .select("bundle_json")
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row?.bundle_json ?? null;
};
