import type { Executor } from "./store.ts";

/** Sealed state of one Cryptlet: opaque bytes under a version that counts up. */
export interface StoredState {
  /** 0: nothing was written yet. */
  readonly version: number;
  readonly body: Uint8Array;
}

/** State of a scope; version 0 and no bytes when nothing was written. */
export const readState = async (db: Executor, scope: string): Promise<StoredState> => {
  const row = await db
    .selectFrom("cryptlet_states")
    .select(["version", "body"])
    .where("scope", "=", scope)
    .executeTakeFirst();
  return row
    ? { version: row.version, body: new Uint8Array(row.body) }
    : { version: 0, body: new Uint8Array() };
};

/** Writes version `expected + 1`; false when another writer was there first, with nothing changed. */
export const writeState = async (
  db: Executor,
  scope: string,
  expected: number,
  body: Uint8Array,
  at: number,
): Promise<boolean> => {
  if (expected === 0) {
    const result = await db
      .insertInto("cryptlet_states")
      .values({ scope, version: 1, body, updated_at: at })
      .onConflict((conflict) => conflict.column("scope").doNothing())
      .executeTakeFirst();
    return Number(result.numInsertedOrUpdatedRows) === 1;
  }
  const result = await db
    .updateTable("cryptlet_states")
    .set({ version: expected + 1, body, updated_at: at })
    .where("scope", "=", scope)
    .where("version", "=", expected)
    .executeTakeFirst();
  return Number(result.numUpdatedRows) === 1;
};
