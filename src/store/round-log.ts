import { sql } from "kysely";
import type { FeedId } from "../core/ids.ts";
import { readRound, type RoundRow } from "./rounds.ts";
import type { Executor } from "./store.ts";

/** A round with its place in the log. */
export interface LoggedRound {
  readonly position: number;
  readonly row: RoundRow;
}

/** Feeds of one statement: below the 500 parts that SQLite allows. */
const CHUNK = 100;
/** Rounds that are looked at for a beginning in time: imported ones may stand in another order than they were issued. */
const DISORDER = 1_000;

/** Place of the newest round that this database knows; 0 before the first. */
export const newestPosition = async (db: Executor): Promise<number> => {
  const row = await db
    .selectFrom("round_log")
    .select("position")
    .orderBy("position", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.position ?? 0;
};

/** Place of one round; null when there is none. */
export const positionOf = async (
  db: Executor,
  feed: FeedId,
  round: number,
): Promise<number | null> => {
  const row = await db
    .selectFrom("round_log")
    .select("position")
    .where("feed", "=", feed)
    .where("round", "=", round)
    .executeTakeFirst();
  return row?.position ?? null;
};

/** Place of the first round that one of the feeds issued at `time` or later; null when there is none. */
export const firstPositionSince = async (
  db: Executor,
  feeds: readonly FeedId[],
  time: number,
): Promise<number | null> => {
  let first: number | null = null;
  for (const feed of feeds) {
    const { rows } = await sql<{ position: number | null }>`
      select min(position) as position from (
        select l.position as position from rounds r
        join round_log l on l.feed = r.feed and l.round = r.round
        where r.feed = ${feed} and r.issued_at >= ${time}
        order by r.issued_at limit ${DISORDER}
      ) as early`.execute(db);
    const position = rows[0]?.position ?? null;
    if (position !== null && (first === null || position < first)) first = position;
  }
  return first;
};

/**
 * Rounds of the feeds behind `after`, in the order of the log. Each feed is asked for a page of its own, so that neither
 * a long log nor the feeds of others cost anything.
 */
export const logAfter = async (
  db: Executor,
  feeds: readonly FeedId[],
  page: { readonly after: number; readonly limit: number },
): Promise<readonly LoggedRound[]> => {
  const found: number[] = [];
  for (let start = 0; start < feeds.length; start += CHUNK) {
    const parts = feeds.slice(start, start + CHUNK).map(
      (feed) => sql`select position from (select position from round_log
          where feed = ${feed} and position > ${page.after} order by position limit ${page.limit}) as page`,
    );
    const { rows } = await sql<{ position: number }>`${sql.join(parts, sql` union all `)}`.execute(
      db,
    );
    for (const { position } of rows) found.push(position);
  }
  const positions = found.toSorted((a, b) => a - b).slice(0, page.limit);
  if (positions.length === 0) return [];
  const rows = await db
    .selectFrom("round_log")
    .innerJoin("rounds", (join) =>
      join
        .onRef("rounds.feed", "=", "round_log.feed")
        .onRef("rounds.round", "=", "round_log.round"),
    )
    .selectAll("rounds")
    .select("round_log.position")
    .where("round_log.position", "in", positions)
    .orderBy("round_log.position")
    .execute();
  return rows.map(({ position, ...row }) => ({ position, row: readRound(row) }));
};

/** How many rounds of the feeds stand behind `after`, counted up to `most`. */
export const countAfter = async (
  db: Executor,
  feeds: readonly FeedId[],
  { after, most }: { readonly after: number; readonly most: number },
): Promise<number> => {
  const row = await db
    .selectFrom(
      db
        .selectFrom("round_log")
        .select("position")
        .where("feed", "in", feeds)
        .where("position", ">", after)
        .limit(most)
        .as("behind"),
    )
    .select((column) => column.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return row.count;
};
