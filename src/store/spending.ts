import type { Executor } from "./store.ts";

/** Whose money: one feed's on one contract of one chain. */
export interface PurseKey {
  readonly chain: string;
  readonly feed: string;
  readonly contract: string;
}

/** A slice of time and what was paid in it, wei. */
export interface SpendingSlice {
  readonly endsAt: number;
  readonly wei: bigint;
}

/** What a delivery has reserved; null when nothing. */
export const findReservation = async (
  db: Executor,
  delivery: string,
): Promise<(PurseKey & { readonly wei: bigint }) | null> => {
  const row = await db
    .selectFrom("spending_reservations")
    .select(["chain", "feed", "contract", "wei"])
    .where("delivery_id", "=", delivery)
    .executeTakeFirst();
  return row ? { ...row, wei: BigInt(row.wei) } : null;
};

/** Sets what a delivery has reserved. */
export const putReservation = async (
  trx: Executor,
  delivery: string,
  { chain, feed, contract }: PurseKey,
  wei: bigint,
  at: number,
): Promise<void> => {
  const text = String(wei);
  await trx
    .insertInto("spending_reservations")
    .values({ delivery_id: delivery, chain, feed, contract, wei: text, created_at: at })
    .onConflict((conflict) => conflict.column("delivery_id").doUpdateSet({ wei: text }))
    .execute();
};

export const dropReservation = async (trx: Executor, delivery: string): Promise<void> => {
  await trx.deleteFrom("spending_reservations").where("delivery_id", "=", delivery).execute();
};

/** Sum of all reservations of a purse, wei. */
export const reservedIn = async (db: Executor, key: PurseKey): Promise<bigint> => {
  const rows = await db
    .selectFrom("spending_reservations")
    .select("wei")
    .where("chain", "=", key.chain)
    .where("feed", "=", key.feed)
    .where("contract", "=", key.contract)
    .execute();
  // Text: no database's integer holds wei.
  return rows.reduce((sum, { wei }) => sum + BigInt(wei), 0n);
};

/** Slices of a purse that end after `from`, ms since epoch, oldest first. */
export const slicesSince = async (
  db: Executor,
  key: PurseKey,
  from: number,
): Promise<readonly SpendingSlice[]> => {
  const rows = await db
    .selectFrom("spending_totals")
    .select(["ends_at", "wei"])
    .where("chain", "=", key.chain)
    .where("feed", "=", key.feed)
    .where("contract", "=", key.contract)
    .where("ends_at", ">", from)
    .orderBy("ends_at")
    .execute();
  return rows.map(({ ends_at, wei }) => ({ endsAt: ends_at, wei: BigInt(wei) }));
};

/** Adds to the slice that ends at `endsAt`. */
export const addToSlice = async (
  trx: Executor,
  { chain, feed, contract }: PurseKey,
  endsAt: number,
  wei: bigint,
): Promise<void> => {
  const row = await trx
    .selectFrom("spending_totals")
    .select("wei")
    .where("chain", "=", chain)
    .where("feed", "=", feed)
    .where("contract", "=", contract)
    .where("ends_at", "=", endsAt)
    .executeTakeFirst();
  const text = String(BigInt(row?.wei ?? "0") + wei);
  await trx
    .insertInto("spending_totals")
    .values({ chain, feed, contract, ends_at: endsAt, wei: text })
    .onConflict((conflict) =>
      conflict.columns(["chain", "feed", "contract", "ends_at"]).doUpdateSet({ wei: text }),
    )
    .execute();
};

/** Forgets slices of a purse outside `from` to `to`, both ms since epoch and kept. */
export const keepSlices = async (
  trx: Executor,
  { chain, feed, contract }: PurseKey,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> => {
  await trx
    .deleteFrom("spending_totals")
    .where("chain", "=", chain)
    .where("feed", "=", feed)
    .where("contract", "=", contract)
    .where((where) => where.or([where("ends_at", "<", from), where("ends_at", ">", to)]))
    .execute();
};
