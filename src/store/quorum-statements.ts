import type { Digest, FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";

/** A statement that this host's enclave signed with others. */
export interface QuorumStatementRow {
  readonly feed: FeedId;
  readonly round: number;
  /** Of the envelope. */
  readonly digest: Digest;
  /** JSON text as it is signed. */
  readonly statement: string;
  /** Signatures by member, as JSON. */
  readonly signaturesJson: string;
}

/** Keeps a statement; the same one again replaces its signatures. */
export const keepStatement = async (
  trx: Executor,
  row: QuorumStatementRow,
  at: number,
): Promise<void> => {
  await trx
    .insertInto("quorum_statements")
    .values({
      feed: row.feed,
      round: row.round,
      digest: row.digest,
      statement: row.statement,
      signatures_json: row.signaturesJson,
      stored_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(["feed", "digest"]).doUpdateSet({ signatures_json: row.signaturesJson }),
    )
    .execute();
};

type Kept = Pick<QuorumStatementRow, "statement" | "signaturesJson">;

/** One statement; null when there is none. */
export const findStatement = async (
  db: Executor,
  feed: FeedId,
  digest: Digest,
): Promise<Kept | null> => {
  const row = await db
    .selectFrom("quorum_statements")
    .select(["statement", "signatures_json as signaturesJson"])
    .where("feed", "=", feed)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row ?? null;
};

/** Statements of later rounds, oldest round first. */
export const statementsAbove = async (
  db: Executor,
  feed: FeedId,
  round: number,
  limit: number,
): Promise<readonly Kept[]> =>
  await db
    .selectFrom("quorum_statements")
    .select(["statement", "signatures_json as signaturesJson"])
    .where("feed", "=", feed)
    .where("round", ">", round)
    .orderBy("round")
    .limit(limit)
    .execute();

/** Forgets statements of `round` and of all before it. */
export const pruneStatements = async (
  trx: Executor,
  feed: FeedId,
  round: number,
): Promise<void> => {
  await trx
    .deleteFrom("quorum_statements")
    .where("feed", "=", feed)
    .where("round", "<=", round)
    .execute();
};
