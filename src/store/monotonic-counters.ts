import { fabricError } from "../core/errors/fabric-error.ts";
import type { Executor } from "./store.ts";

/** Value of a counter that only goes up; 0 before its first step. */
export const readCounter = async (db: Executor, name: string): Promise<number> => {
  const row = await db
    .selectFrom("monotonic_counters")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value ?? 0;
};

/** Raises a counter to `value`. Throws `STORE_COUNTER_BEHIND` unless that is more than it is. */
export const raiseCounter = async (db: Executor, name: string, value: number): Promise<void> => {
  const known = await readCounter(db, name);
  if (value <= known) throw fabricError("STORE_COUNTER_BEHIND", { counter: name, known, value });
  await db
    .insertInto("monotonic_counters")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
};
