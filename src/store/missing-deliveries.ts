import type { ChainName, FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";

/** Rounds of a feed that a contract was promised and has no delivery for. */
export interface MissingDeliveries {
  readonly feed: FeedId;
  readonly chain: ChainName;
  readonly contract: string;
  /** Oldest first. */
  readonly rounds: readonly number[];
}

/**
 * Rounds issued before `issuedBefore` (ms since epoch) that follow the contract's first delivery and have none. What
 * came before the first one was never promised: the binding is younger.
 */
export const missingDeliveries = async (
  db: Executor,
  target: Pick<MissingDeliveries, "feed" | "chain" | "contract">,
  page: { readonly issuedBefore: number; readonly limit: number },
): Promise<MissingDeliveries> => {
  const { feed, chain, contract } = target;
  const first = await db
    .selectFrom("deliveries")
    .select(({ fn }) => fn.min("round").as("round"))
    .where("feed", "=", feed)
    .where("chain", "=", chain)
    .where("contract", "=", contract)
    .executeTakeFirst();
  // The aggregate of no rows is null, whatever its type says.
  const from: number | null | undefined = first?.round;
  if (from === null || from === undefined) return { feed, chain, contract, rounds: [] };
  const rows = await db
    .selectFrom("rounds")
    .select("round")
    .where("feed", "=", feed)
    .where("round", ">", from)
    .where("issued_at", "<", page.issuedBefore)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("deliveries")
            .select("deliveries.id")
            .whereRef("deliveries.feed", "=", "rounds.feed")
            .whereRef("deliveries.round", "=", "rounds.round")
            .where("deliveries.chain", "=", chain)
            .where("deliveries.contract", "=", contract),
        ),
      ),
    )
    .orderBy("round")
    .limit(page.limit)
    .execute();
  return { feed, chain, contract, rounds: rows.map(({ round }) => round) };
};
