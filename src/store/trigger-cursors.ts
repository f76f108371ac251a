import type { Executor } from "./store.ts";

/** Position of a trigger source; null when it never fired. */
export const readCursor = async (db: Executor, id: string): Promise<string | null> => {
  const row = await db
    .selectFrom("trigger_cursors")
    .select("position")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.position ?? null;
};

/** Moves a cursor; call it in the transaction of the effect, or after it. */
export const moveCursor = async (
  trx: Executor,
  id: string,
  position: string,
  at: number,
): Promise<void> => {
  await trx
    .insertInto("trigger_cursors")
    .values({ id, position, updated_at: at })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ position, updated_at: at }))
    .execute();
};
