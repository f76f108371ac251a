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

/** Raises a counter to `value`; a lower one changes nothing. */
export const advanceCounter = async (db: Executor, name: string, value: number): Promise<void> => {
  await db
    .insertInto("monotonic_counters")
    .values({ name, value })
    .onConflict((conflict) =>
      conflict.column("name").doUpdateSet({ value }).where("monotonic_counters.value", "<", value),
    )
    .execute();
};
