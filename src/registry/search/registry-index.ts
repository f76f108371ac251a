import { sql } from "kysely";
import type { Store } from "../../store/store.ts";
import { findCorrections } from "./find-corrections.ts";
import type { IndexedRelease } from "./indexed-release.ts";
import { readCursor, writeCursor } from "./search-cursor.ts";
import { parseSearchQuery } from "./search-query.ts";
import { searchTiers, type Corrections, type Match } from "./search-tiers.ts";
import { writePackage } from "./write-package.ts";

/** Packages of one page at most, and where nobody says. */
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;
/** Words whose typing errors are known to be in the table; a restart begins without. */
const MAX_KNOWN_WORDS = 200_000;

/** How far a log is in the index. */
export interface IndexCursor {
  /** Name of the log. */
  readonly origin: string;
  readonly size: number;
  /** Root of the tree of that size, hex. */
  readonly root: string;
}

export interface SearchRequest {
  /** Words and filters, see `parseSearchQuery`. */
  readonly query: string;
  /** 1 to 100. */
  readonly limit?: number;
  /** `next` of the page before, for the same question. */
  readonly cursor?: string | null;
  /** Whether packages whose releases are all revoked are shown. */
  readonly revoked?: boolean;
}

/** A package in an answer, with the release that a person who names no version means. */
export interface FoundPackage extends IndexedRelease {
  /** Other publishers whose packages call it. */
  readonly dependents: number;
  readonly versions: number;
  readonly match: Match;
}

export interface SearchPage {
  readonly packages: readonly FoundPackage[];
  /** `cursor` of the next page; null on the last. */
  readonly next: string | null;
  /** What mistyped words were taken for; empty where nothing had to be. */
  readonly corrections: readonly { readonly typed: string; readonly taken: readonly string[] }[];
}

/** Search over the packages of one log. Everything in it can be made again from the log. */
export interface RegistryIndex {
  cursor(): Promise<IndexCursor | null>;
  /**
   * Replaces what is known of these packages, each given with all of its releases, in one transaction; with a cursor
   * everything up to there is in.
   */
  put(packages: readonly (readonly IndexedRelease[])[], cursor: IndexCursor | null): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** Throws `REGISTRY_QUERY_INVALID`, `REGISTRY_CURSOR_INVALID`. */
  search(request: SearchRequest): Promise<SearchPage>;
}

interface Row {
  readonly place: number;
  readonly dependents: number;
  readonly versions: number;
  readonly document_json: string;
}

/**
 * The index in a database of the fabric.
 * @example
 * ```ts
 * const index = createRegistryIndex(store);
 * const { packages } = await index.search({ query: "gold price host:kraken.com" });
 * ```
 */
export const createRegistryIndex = (store: Store): RegistryIndex => {
  const knownWords = new Set<string>();

  const ask = async (expression: string, after: number, limit: number): Promise<readonly Row[]> => {
    // The inner question alone decides how many rows are read: the tables beside it are looked up for those.
    const { rows } = await sql<Row>`
      select p.place, p.dependents, r.document_json,
        (select count(*) from registry_releases v where v.name = p.name) as versions
      from (
        select rowid as place from registry_words
        where registry_words match ${expression} and rowid > ${after}
        order by rowid limit ${limit}
      ) found
      join registry_packages p on p.place = found.place
      join registry_releases r on r.name = p.name and r.version = p.version
      order by p.place`.execute(store.db);
    return rows;
  };

  const search = async (request: SearchRequest): Promise<SearchPage> => {
    const { query: text, cursor = null, revoked = false } = request;
    const limit = Math.min(MAX_PAGE, Math.max(1, request.limit ?? DEFAULT_PAGE));
    const query = parseSearchQuery(text);
    const question = JSON.stringify([query, revoked]);
    const from = cursor === null ? { tier: 0, place: -1 } : readCursor(question, cursor);
    const tiers = searchTiers(query, { revoked });
    const found: { row: Row; match: Match; tier: number }[] = [];
    let corrections: Corrections = new Map();
    for (const [tier, { match, expression }] of tiers.entries()) {
      if (tier < from.tier) continue;
      if (match === "similar") {
        // Where anything has the words as they stand, on this page or on one before, nothing was mistyped.
        if (found.length > 0 || (cursor !== null && tier !== from.tier)) break;
        corrections = await findCorrections(store.db, query.words);
      }
      const asked = expression(corrections);
      if (asked === null) continue;
      const after = tier === from.tier ? from.place : -1;
      const rows = await ask(asked, after, limit + 1 - found.length);
      found.push(...rows.map((row) => ({ row, match, tier })));
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      packages: page.map(({ row, match }) => ({
        // Written by `writePackage` and by nobody else.
        ...(JSON.parse(row.document_json) as IndexedRelease),
        dependents: row.dependents,
        versions: row.versions,
        match,
      })),
      next:
        found.length > limit && last
          ? writeCursor(question, { tier: last.tier, place: last.row.place })
          : null,
      corrections: page.some(({ match }) => match === "similar")
        ? [...corrections].map(([typed, taken]) => ({ typed, taken }))
        : [],
    };
  };

  return {
    search,
    cursor: async () => {
      const row = await store.db
        .selectFrom("registry_cursor")
        .select(["origin", "size", "root"])
        .where("id", "=", 1)
        .executeTakeFirst();
      return row ?? null;
    },
    put: async (packages, cursor) => {
      if (knownWords.size > MAX_KNOWN_WORDS) knownWords.clear();
      try {
        await store.transaction(async (trx) => {
          for (const releases of packages) await writePackage(trx, releases, knownWords);
          if (cursor === null) return;
          const { origin, size, root } = cursor;
          await trx
            .insertInto("registry_cursor")
            .values({ id: 1, origin, size, root })
            .onConflict((conflict) => conflict.column("id").doUpdateSet({ origin, size, root }))
            .execute();
        });
      } catch (error) {
        // What was undone is not in the table.
        knownWords.clear();
        throw error;
      }
    },
    clear: async () => {
      knownWords.clear();
      await store.transaction(async (trx) => {
        await sql`delete from registry_words`.execute(trx);
        for (const table of [
          "registry_packages",
          "registry_releases",
          "registry_calls",
          "registry_typos",
          "registry_cursor",
        ] as const)
          await trx.deleteFrom(table).execute();
      });
    },
  };
};
