import type { Digest, FeedId } from "../core/ids.ts";
import {
  findStatement,
  keepStatement,
  pruneStatements,
  statementsAbove,
} from "../store/quorum-statements.ts";
import type { Store } from "../store/store.ts";
import type { MemberSignature } from "./quorum-messages.ts";
import { readOwnStatement, type Statement } from "./statement.ts";

/** A statement of a round that is not on record yet, with the signatures that are known. */
export interface KnownStatement {
  readonly statement: Statement;
  /** The leader's first. */
  readonly signatures: readonly MemberSignature[];
}

/** Statements that this host's enclave stands by, in the fabric's database. */
export interface StatementBook {
  /** On the disk when it resolves. The same statement again replaces its signatures. */
  keep(feed: FeedId, known: KnownStatement): Promise<void>;
  find(feed: FeedId, digest: Digest): Promise<KnownStatement | null>;
  /** Oldest round first. */
  above(feed: FeedId, round: number, limit: number): Promise<readonly KnownStatement[]>;
  /** Forgets those of a round and all before it: it is on record. */
  forget(feed: FeedId, round: number): Promise<void>;
}

const read = (row: { readonly statement: string; readonly signaturesJson: string }) => ({
  statement: readOwnStatement(row.statement),
  // Written by `keep` of this fabric.
  signatures: JSON.parse(row.signaturesJson) as MemberSignature[],
});

export const createStatementBook = (store: Store, now: () => number): StatementBook => ({
  keep: (feed, { statement, signatures }) =>
    store.transaction((trx) =>
      keepStatement(
        trx,
        {
          feed,
          round: statement.observation.subject.round,
          digest: statement.digest,
          statement: statement.text,
          signaturesJson: JSON.stringify(signatures),
        },
        now(),
      ),
    ),
  find: async (feed, digest) => {
    const row = await findStatement(store.db, feed, digest);
    return row && read(row);
  },
  above: async (feed, round, limit) =>
    (await statementsAbove(store.db, feed, round, limit)).map(read),
  forget: (feed, round) =>
    store.transaction((trx) => pruneStatements(trx, feed, round), { sync: "later" }),
});
