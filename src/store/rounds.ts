import type { Digest, FeedId, RunId } from "../core/ids.ts";
import type { Database } from "./database.ts";
import type { Executor } from "./store.ts";
import type { Selectable } from "kysely";

/** One committed round as stored. Times are ms since epoch. */
export interface RoundRow {
  readonly feed: FeedId;
  /** 1, 2, 3, … without gaps. */
  readonly round: number;
  readonly envelopeDigest: Digest;
  readonly runId: RunId | null;
  /** Integer text in the feed's decimals; null for a record feed. */
  readonly answer: string | null;
  readonly valueJson: string;
  readonly observedAt: number;
  readonly issuedAt: number;
  readonly validUntil: number;
  readonly mode: "LIVE" | "EMULATED";
  readonly viewJson: string;
}

/** Writes a round, its envelope and its place in the log. Part of the caller's transaction. */
export const insertRound = async (
  trx: Executor,
  given: {
    readonly round: RoundRow;
    /** Without evidence. */
    readonly bundleJson: string;
    readonly evidenceDigest: Digest | null;
  },
): Promise<void> => {
  const { round } = given;
  await trx
    .insertInto("envelopes")
    .values({
      digest: round.envelopeDigest,
      feed: round.feed,
      round: round.round,
      bundle_json: given.bundleJson,
      evidence_digest: given.evidenceDigest,
    })
    .execute();
  await trx
    .insertInto("rounds")
    .values({
      feed: round.feed,
      round: round.round,
      envelope_digest: round.envelopeDigest,
      run_id: round.runId,
      answer: round.answer,
      value_json: round.valueJson,
      observed_at: round.observedAt,
      issued_at: round.issuedAt,
      valid_until: round.validUntil,
      mode: round.mode,
      view_json: round.viewJson,
    })
    .execute();
  await trx.insertInto("round_log").values({ feed: round.feed, round: round.round }).execute();
};

/** The newest round of a feed; null when there is none. */
export const latestRound = async (db: Executor, feed: FeedId): Promise<RoundRow | null> => {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("feed", "=", feed)
    .orderBy("round", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? readRound(row) : null;
};

/** One round; null when there is none. */
export const findRound = async (
  db: Executor,
  feed: FeedId,
  round: number,
): Promise<RoundRow | null> => {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("feed", "=", feed)
    .where("round", "=", round)
    .executeTakeFirst();
  return row ? readRound(row) : null;
};

/** The round that an envelope belongs to; null when there is none. */
export const findRoundByEnvelope = async (
  db: Executor,
  digest: Digest,
): Promise<RoundRow | null> => {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("envelope_digest", "=", digest)
    .executeTakeFirst();
  return row ? readRound(row) : null;
};

/** Newest first; `before` is exclusive. */
export const roundsBefore = async (
  db: Executor,
  feed: FeedId,
  page: { readonly limit: number; readonly before?: number },
): Promise<readonly RoundRow[]> => {
  let query = db.selectFrom("rounds").selectAll().where("feed", "=", feed);
  if (page.before !== undefined) query = query.where("round", "<", page.before);
  const rows = await query.orderBy("round", "desc").limit(page.limit).execute();
  return rows.map(readRound);
};

/** Oldest first; `after` is exclusive: what a follower has not seen yet. */
export const roundsAfter = async (
  db: Executor,
  feed: FeedId,
  page: { readonly limit: number; readonly after: number },
): Promise<readonly RoundRow[]> => {
  const rows = await db
    .selectFrom("rounds")
    .selectAll()
    .where("feed", "=", feed)
    .where("round", ">", page.after)
    .orderBy("round")
    .limit(page.limit)
    .execute();
  return rows.map(readRound);
};

/** The newest round of a feed that was issued at `time` (ms since epoch) or before; null when there is none. */
export const roundIssuedBy = async (
  db: Executor,
  feed: FeedId,
  time: number,
): Promise<RoundRow | null> => {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("feed", "=", feed)
    .where("issued_at", "<=", time)
    .orderBy("issued_at", "desc")
    .orderBy("round", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? readRound(row) : null;
};

/** The round that a run made; null when it made none. */
export const findRoundOfRun = async (db: Executor, run: RunId): Promise<RoundRow | null> => {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("run_id", "=", run)
    .limit(1)
    .executeTakeFirst();
  return row ? readRound(row) : null;
};

/** @see RoundRow */
export const readRound = (row: Selectable<Database["rounds"]>): RoundRow => ({
  feed: row.feed as FeedId,
  round: row.round,
  envelopeDigest: row.envelope_digest as Digest,
  runId: row.run_id as RunId | null,
  answer: row.answer,
  valueJson: row.value_json,
  observedAt: row.observed_at,
  issuedAt: row.issued_at,
  validUntil: row.valid_until,
  mode: row.mode,
  viewJson: row.view_json,
});
