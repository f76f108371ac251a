import type { Selectable } from "kysely";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address, ChainName } from "../../core/ids.ts";
import type { Database } from "../../store/database.ts";
import {
  changeDelivery,
  findDelivery,
  openDeliveries,
  type DeliveryChange,
  type DeliveryRow,
} from "../../store/deliveries.ts";
import type { Executor, Store } from "../../store/store.ts";
import type { SignedTransaction } from "./transaction-signer.ts";

/** One signed transaction as stored. Several of one delivery share a nonce, or follow each other after a loss. */
export interface Submission {
  readonly delivery: string;
  readonly nonce: number;
  readonly raw: string;
  readonly hash: string;
  readonly status: SubmissionStatus;
}

/** `open` may land; `landed` did; `lost` never can, because its nonce went to something else. */
export type SubmissionStatus = "open" | "landed" | "lost";

/** The adapter's record of what it signed, joined with the deliveries of `src/store`. */
export interface SubmissionStore {
  /** Null when there is no such delivery. */
  delivery(id: string): Promise<DeliveryRow | null>;
  unfinished(): Promise<readonly DeliveryRow[]>;
  /** Every transaction of a delivery that is not lost, oldest first. */
  submissions(delivery: string): Promise<readonly Submission[]>;
  /**
   * Takes the next nonce and stores what `sign` makes of it, in one transaction: two deliveries never share a nonce,
   * and nothing is broadcast that is not on disk. `atLeast` is the chain's own count.
   */
  sign(
    request: {
      readonly delivery: string;
      readonly atLeast: number;
      /** Take this nonce again: a replacement. */
      readonly nonce?: number;
    },
    sign: (nonce: number) => Promise<SignedTransaction>,
  ): Promise<Submission>;
  /** Changes of one delivery, in order, and of its submissions, in one transaction. */
  change(
    delivery: string,
    changes: readonly DeliveryChange[],
    submissions?: readonly { readonly hash: string; readonly status: SubmissionStatus }[],
  ): Promise<DeliveryRow>;
}

const MAX_UNFINISHED = 10_000;

const read = (row: Selectable<Database["evm_submissions"]>): Submission => ({
  delivery: row.delivery_id ?? "",
  nonce: row.nonce,
  raw: row.raw,
  hash: row.hash,
  status: row.status as SubmissionStatus,
});

const nextNonce = async (
  trx: Executor,
  chain: ChainName,
  signer: Address,
  atLeast: number,
): Promise<number> => {
  const row = await trx
    .selectFrom("evm_submissions")
    .select(({ fn }) => fn.max("nonce").as("last"))
    .where("chain", "=", chain)
    .where("signer", "=", signer)
    .where("status", "!=", "lost")
    .executeTakeFirst();
  // The aggregate of no rows is null, whatever its type says.
  const last: number | null | undefined = row?.last;
  return Math.max(atLeast, (last ?? -1) + 1);
};

/** On kysely, in the fabric's own database. */
export const createSubmissionStore = (
  store: Store,
  { chain, signer, now }: { chain: ChainName; signer: Address; now: () => number },
): SubmissionStore => {
  const find = async (id: string): Promise<DeliveryRow | null> => {
    const row = await findDelivery(store.db, id);
    return row?.chain === chain ? row : null;
  };
  return {
    delivery: find,
    unfinished: () => openDeliveries(store.db, { chain, limit: MAX_UNFINISHED }),
    submissions: async (delivery) => {
      const rows = await store.db
        .selectFrom("evm_submissions")
        .selectAll()
        .where("delivery_id", "=", delivery)
        .where("status", "!=", "lost")
        .orderBy("created_at")
        .orderBy("attempts")
        .execute();
      return rows.map(read);
    },
    sign: (request, sign) =>
      store.transaction(async (trx) => {
        const nonce = request.nonce ?? (await nextNonce(trx, chain, signer, request.atLeast));
        const { raw, hash } = await sign(nonce);
        const at = now();
        await changeDelivery(
          trx,
          request.delivery,
          { status: "prepared", txHash: hash, error: null, attempt: true, detail: hash },
          at,
        );
        const delivery = await findDelivery(trx, request.delivery);
        await trx
          .insertInto("evm_submissions")
          .values({
            id: hash,
            delivery_id: request.delivery,
            chain,
            signer,
            nonce,
            raw,
            hash,
            status: "open",
            block_number: null,
            block_hash: null,
            attempts: delivery?.attempts ?? 1,
            error: null,
            created_at: at,
            updated_at: at,
          })
          .execute();
        return { delivery: request.delivery, nonce, raw, hash, status: "open" };
      }),
    change: async (delivery, changes, submissions = []) => {
      await store.transaction(async (trx) => {
        const at = now();
        for (const change of changes) await changeDelivery(trx, delivery, change, at);
        for (const { hash, status } of submissions)
          await trx
            .updateTable("evm_submissions")
            .set({ status, updated_at: at })
            .where("chain", "=", chain)
            .where("hash", "=", hash)
            .execute();
      });
      const row = await findDelivery(store.db, delivery);
      if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery });
      return row;
    },
  };
};
