import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { DeliverySubStatus } from "../core/delivery-sub-status.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { ChainName, FeedId } from "../core/ids.ts";
import type { Database, DeliveryStatus } from "./database.ts";
import type { Executor } from "./store.ts";

/** One round on its way to one contract, as stored. Times are ms since epoch. */
export interface DeliveryRow {
  readonly id: string;
  readonly feed: FeedId;
  readonly round: number;
  readonly chain: ChainName;
  readonly contract: string;
  readonly status: DeliveryStatus;
  /** Newest step, or what it waits for; null before the first. */
  readonly subStatus: DeliverySubStatus | null;
  readonly txHash: string | null;
  readonly blockNumber: number | null;
  readonly blockHash: string | null;
  readonly receiptJson: string | null;
  /** Code of the last error; null when there was none. */
  readonly error: string | null;
  readonly attempts: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * `superseded` is never left; `included` falls back when its block is reorganised away, `final` only when the chain
 * breaks its own finality, and `failed` when somebody asks for another try.
 */
const NEXT: Readonly<Record<DeliveryStatus, readonly DeliveryStatus[]>> = {
  prepared: ["prepared", "submitted", "superseded", "failed"],
  submitted: ["submitted", "included", "prepared", "superseded", "failed"],
  included: ["included", "final", "submitted", "prepared", "superseded", "failed"],
  failed: ["prepared", "failed", "superseded"],
  final: ["submitted"],
  superseded: [],
};

/** Id of the delivery of one round to one contract. */
export const deliveryId = (
  feed: FeedId,
  round: number,
  target: { readonly chain: ChainName; readonly contract: string },
): string => `${feed}:${round}:${target.chain}:${target.contract}`;

/** Stores the deliveries of a round that is committed, `prepared`. Part of the caller's transaction. */
export const insertDeliveries = async (
  trx: Executor,
  { feed, round }: { readonly feed: FeedId; readonly round: number },
  targets: readonly { readonly chain: ChainName; readonly contract: string }[],
  at: number,
): Promise<void> => {
  for (const target of targets) {
    const id = deliveryId(feed, round, target);
    await trx
      .insertInto("deliveries")
      .values({
        id,
        feed,
        round,
        chain: target.chain,
        contract: target.contract,
        status: "prepared",
        sub_status: null,
        tx_hash: null,
        block_number: null,
        block_hash: null,
        receipt_json: null,
        error: null,
        attempts: 0,
        created_at: at,
        updated_at: at,
      })
      .execute();
    await recordEvent(trx, { id, at, status: "prepared", subStatus: null, detail: "" });
  }
};

/** What changes on a delivery; what is left out stays. `attempt: true` counts one more try. */
export interface DeliveryChange {
  readonly status: DeliveryStatus;
  /** Left out: as it was where the status stays, else none. */
  readonly subStatus?: DeliverySubStatus;
  readonly txHash?: string | null;
  readonly blockNumber?: number | null;
  readonly blockHash?: string | null;
  readonly receiptJson?: string | null;
  readonly error?: string | null;
  readonly attempt?: boolean;
  /** Short text for the history. */
  readonly detail?: string;
}

/** Changes a delivery and writes its history. Throws `DELIVERY_UNKNOWN`, `DELIVERY_TRANSITION_INVALID`. */
export const changeDelivery = async (
  trx: Executor,
  id: string,
  change: DeliveryChange,
  at: number,
): Promise<void> => {
  const known = await findDelivery(trx, id);
  if (!known) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
  const isLeavingEnd = known.status === "final" && change.subStatus !== "finality-broken";
  if (isLeavingEnd || !NEXT[known.status].includes(change.status))
    throw fabricError("DELIVERY_TRANSITION_INVALID", {
      delivery: id,
      from: known.status,
      to: change.status,
    });
  const subStatus = change.subStatus ?? (change.status === known.status ? known.subStatus : null);
  await trx
    .updateTable("deliveries")
    .set({
      status: change.status,
      sub_status: subStatus,
      updated_at: at,
      attempts: known.attempts + (change.attempt === true ? 1 : 0),
      ...(change.txHash === undefined ? {} : { tx_hash: change.txHash }),
      ...(change.blockNumber === undefined ? {} : { block_number: change.blockNumber }),
      ...(change.blockHash === undefined ? {} : { block_hash: change.blockHash }),
      ...(change.receiptJson === undefined ? {} : { receipt_json: change.receiptJson }),
      ...(change.error === undefined ? {} : { error: change.error }),
    })
    .where("id", "=", id)
    .execute();
  const detail = change.detail ?? change.error ?? change.txHash ?? "";
  await recordEvent(trx, {
    id,
    at,
    status: change.status,
    subStatus,
    detail: detail.slice(0, 500),
  });
};

/** One delivery; null when there is none. */
export const findDelivery = async (db: Executor, id: string): Promise<DeliveryRow | null> => {
  const row = await db.selectFrom("deliveries").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? readDelivery(row) : null;
};

/** What `listDeliveries` looks for. */
export interface DeliveryFilter {
  readonly feed?: FeedId;
  readonly round?: number;
  readonly chain?: ChainName;
  readonly statuses?: readonly DeliveryStatus[];
  readonly limit: number;
}

/** Newest change first. */
export const listDeliveries = async (
  db: Executor,
  filter: DeliveryFilter,
): Promise<readonly DeliveryRow[]> => {
  const rows = await selectDeliveries(db, filter)
    .orderBy("updated_at", "desc")
    .orderBy("round", "desc")
    .orderBy("id")
    .execute();
  return rows.map(readDelivery);
};

/** Deliveries that have not ended, oldest round first: what an adapter takes up after a restart. */
export const openDeliveries = async (
  db: Executor,
  filter: Omit<DeliveryFilter, "statuses"> & {
    /** Contracts whose deliveries are not asked for. */
    readonly except?: readonly string[];
  },
): Promise<readonly DeliveryRow[]> => {
  let query = selectDeliveries(db, filter);
  const { except = [] } = filter;
  if (except.length > 0) query = query.where("contract", "not in", except);
  const rows = await query
    // Literals, not parameters: only so SQLite sees that the index of open deliveries holds them all.
    .where(sql<boolean>`status in ('prepared', 'submitted', 'included')`)
    .orderBy("round")
    .orderBy("id")
    .execute();
  return rows.map(readDelivery);
};

/** Highest round that has a delivery to this contract; 0 when none has. */
export const newestRoundFor = async (
  db: Executor,
  { feed, chain, contract }: Pick<DeliveryRow, "feed" | "chain" | "contract">,
): Promise<number> => {
  const row = await db
    .selectFrom("deliveries")
    .select(({ fn }) => fn.max("round").as("round"))
    .where("feed", "=", feed)
    .where("chain", "=", chain)
    .where("contract", "=", contract)
    .executeTakeFirst();
  // The aggregate of no rows is null, whatever its type says.
  const newest: number | null | undefined = row?.round;
  return newest ?? 0;
};

/** One step of a delivery, as stored. */
export interface DeliveryEvent {
  /** ms since epoch. */
  readonly at: number;
  readonly status: DeliveryStatus;
  readonly subStatus: DeliverySubStatus | null;
  /** Short text for people: hash, block or error code. */
  readonly detail: string;
}

/** History of one delivery, oldest first. */
export const deliveryEvents = async (
  db: Executor,
  id: string,
): Promise<readonly DeliveryEvent[]> => {
  const rows = await db
    .selectFrom("delivery_events")
    .select(["at", "status", "sub_status", "detail"])
    .where("delivery_id", "=", id)
    .orderBy("id")
    .execute();
  return rows.map(({ at, status, sub_status, detail }) => ({
    at,
    status,
    subStatus: sub_status,
    detail,
  }));
};

const selectDeliveries = (db: Executor, filter: DeliveryFilter) => {
  let query = db.selectFrom("deliveries").selectAll().limit(filter.limit);
  if (filter.feed !== undefined) query = query.where("feed", "=", filter.feed);
  if (filter.round !== undefined) query = query.where("round", "=", filter.round);
  if (filter.chain !== undefined) query = query.where("chain", "=", filter.chain);
  if (filter.statuses !== undefined) query = query.where("status", "in", filter.statuses);
  return query;
};

const recordEvent = async (
  trx: Executor,
  event: DeliveryEvent & { readonly id: string },
): Promise<void> => {
  await trx
    .insertInto("delivery_events")
    .values({
      delivery_id: event.id,
      at: event.at,
      status: event.status,
      sub_status: event.subStatus,
      detail: event.detail,
    })
    .execute();
};

const readDelivery = (row: Selectable<Database["deliveries"]>): DeliveryRow => ({
  id: row.id,
  feed: row.feed as FeedId,
  round: row.round,
  chain: row.chain as ChainName,
  contract: row.contract,
  status: row.status,
  subStatus: row.sub_status,
  txHash: row.tx_hash,
  blockNumber: row.block_number,
  blockHash: row.block_hash,
  receiptJson: row.receipt_json,
  error: row.error,
  attempts: row.attempts,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
