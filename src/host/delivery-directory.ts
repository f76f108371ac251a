import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import { bindingsOf, type Binding } from "../bindings/binding.ts";
import { errorCatalogue } from "../core/errors/catalogue.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { ChainName, FabricId, FeedId } from "../core/ids.ts";
import { isApplied } from "../store/apply-once.ts";
import {
  deliveryEvents,
  findDelivery,
  listDeliveries,
  type DeliveryRow,
} from "../store/deliveries.ts";
import { findRound, type RoundRow } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { DeliveryDetail, DeliveryDirectory, DeliveryView } from "./fabric.ts";
import { deliveryConsumer, roundMessageId, roundStream } from "./round-message.ts";
import { makeRoundReceipt } from "./round-receipt.ts";

/** A chain of this host: its adapter, and how to tell its worker that there is work. */
export interface ServedChain {
  readonly adapter: Pick<ChainAdapter, "retry">;
  readonly wake: () => void;
}

export interface DeliveryDirectoryParts {
  readonly store: Store;
  readonly fabric: FabricId;
  /** Name of this host where several take the same rounds; null where it is the only one. */
  readonly host: string | null;
  readonly feeds: ReadonlySet<FeedId>;
  readonly bindings: readonly Binding[];
  readonly chains: ReadonlyMap<ChainName, ServedChain>;
  /** Sees a delivery that was put back. */
  readonly onChange: (delivery: DeliveryView) => void;
}

/** Most deliveries of one round: bindings of one feed. */
const MAX_OF_ROUND = 1_000;

const adviceFor = ({ error, status }: DeliveryRow): string | null => {
  if (error === null || status === "final" || status === "superseded") return null;
  return Object.hasOwn(errorCatalogue, error)
    ? errorCatalogue[error as keyof typeof errorCatalogue].hint
    : null;
};

/** Deliveries as the API reads them, and their second tries. */
export const createDeliveryDirectory = (parts: DeliveryDirectoryParts): DeliveryDirectory => {
  const { store, chains } = parts;

  const find = async (id: string): Promise<DeliveryRow> => {
    const row = await findDelivery(store.db, id);
    if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
    return row;
  };
  const detail = async (id: string): Promise<DeliveryDetail> => {
    const row = await find(id);
    return {
      ...toDeliveryRecord(row),
      createdAt: row.createdAt,
      history: await deliveryEvents(store.db, id),
      advice: adviceFor(row),
    };
  };

  /** A chain that has taken the round was asked for what is stored, and for nothing else. */
  const hasTaken = async (
    chain: ChainName,
    { feed, round, envelopeDigest }: RoundRow,
    stored: readonly DeliveryRow[],
  ): Promise<boolean> =>
    stored.some((row) => row.chain === chain) ||
    (await isApplied(store.db, {
      stream: roundStream(parts.fabric).name,
      consumer: deliveryConsumer(chain, parts.host),
      messageId: roundMessageId(feed, round, envelopeDigest),
    }));

  return {
    async list({ feed, round, chain, status, limit }) {
      const rows = await listDeliveries(store.db, {
        ...(feed === undefined ? {} : { feed }),
        ...(round === undefined ? {} : { round }),
        ...(chain === undefined ? {} : { chain }),
        ...(status === undefined ? {} : { statuses: [status] }),
        limit,
      });
      return rows.map(toDeliveryRecord);
    },
    get: detail,
    async receipt(feed, number) {
      const round = await findRound(store.db, feed, number);
      if (!round && !parts.feeds.has(feed)) throw fabricError("FEED_UNKNOWN", { feed });
      if (!round) throw fabricError("ROUND_UNKNOWN", { feed, round: number });
      const stored = await listDeliveries(store.db, { feed, round: number, limit: MAX_OF_ROUND });
      const waiting: Binding[] = [];
      for (const binding of bindingsOf(parts.bindings, feed))
        if (!(await hasTaken(binding.chain, round, stored))) waiting.push(binding);
      const { envelopeDigest } = round;
      return makeRoundReceipt({
        round: { feed, round: number, envelopeDigest },
        deliveries: stored.map(toDeliveryRecord),
        waiting,
      });
    },
    async retry(id) {
      const row = await find(id);
      if (row.status !== "failed")
        throw fabricError("DELIVERY_NOT_FAILED", { delivery: id, status: row.status });
      const chain = chains.get(row.chain);
      if (!chain) throw fabricError("CHAIN_NOT_SERVED", { chain: row.chain });
      const record = await chain.adapter.retry(id);
      parts.onChange(record);
      chain.wake();
      return await detail(id);
    },
  };
};
