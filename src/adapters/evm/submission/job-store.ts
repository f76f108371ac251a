import { fabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import type { Address, ChainName } from "../../../core/ids.ts";
import {
  changeDelivery,
  findDelivery,
  openDeliveries,
  type DeliveryChange,
  type DeliveryRow,
} from "../../../store/deliveries.ts";
import type { Executor, Store } from "../../../store/store.ts";
import type { EvmJobState } from "../../../store/tables/evm-jobs.ts";
import type { SpendingDecision, SpendingGuard } from "../spending-guard.ts";
import type { Attempt, Job, JobCall, Landing } from "./job.ts";
import { selectJobs, withAttempts } from "./read-jobs.ts";

/** What a commit changes on one job and its delivery; what is left out stays. */
export interface JobStep {
  readonly job: Job;
  readonly state?: EvmJobState;
  /** Null takes it back. */
  readonly landing?: Landing | null;
  /** Of its delivery, in order. */
  readonly changes?: readonly DeliveryChange[];
  /** What the landed transactions cost, wei: ends the reservation of the delivery's budget. */
  readonly spent?: bigint;
}

/** What is asked when a nonce, or one more attempt under it, is taken. */
export interface TakeRequest {
  readonly job: Job;
  readonly kind: Attempt["kind"];
  /** Next nonce that is known to be right; null leaves it to the record. Ignored where the job has one. */
  readonly next: number | null;
  /** The serialised unsigned transaction under a nonce. */
  readonly build: (nonce: number) => string;
  /** Most that it may cost. */
  readonly maxWei: bigint;
  /** Written to the delivery's history. */
  readonly change: DeliveryChange | null;
}

export type TakeOutcome =
  | { readonly ok: true; readonly job: Job }
  | {
      readonly ok: false;
      readonly error: FabricError;
      readonly refusal: Extract<SpendingDecision, { ok: false }>;
    };

/** Jobs, nonces and attempts of one account on one chain, in the fabric's database. It is the record. */
export interface JobStore {
  /** Null when there is no such delivery on this chain. */
  delivery(id: string): Promise<DeliveryRow | null>;
  unfinished(): Promise<readonly DeliveryRow[]>;
  /** Jobs that are queued, live or landed, in their order. */
  open(): Promise<readonly Job[]>;
  /** The newest that are done with a block from `block` on. */
  doneSince(block: number): Promise<readonly Job[]>;
  /** Stores a call that is to be made, without a nonce. */
  queue(row: DeliveryRow, call: JobCall, mode: Job["mode"]): Promise<Job>;
  /** The same for a nonce that must be used up. */
  fill(nonce: number, to: Address): Promise<Job>;
  /** Nonce, budget and every field of a transaction in one commit; nothing is signed before it. */
  take(request: TakeRequest): Promise<TakeOutcome>;
  /** The signed bytes, before anything is broadcast. */
  signed(job: Job, attempt: number, raw: string, hash: string): Promise<Job>;
  /** Changes a delivery that has no job. */
  change(delivery: string, change: DeliveryChange): Promise<void>;
  /** Puts a delivery that failed back to its beginning. Throws `DELIVERY_NOT_FAILED`. */
  retry(delivery: string): Promise<void>;
  /** Several steps in one commit; gives the jobs as they are now, in the same order. */
  commit(steps: readonly JobStep[]): Promise<readonly Job[]>;
  /** The record's next nonce; null when the account has none. */
  nextNonce(): Promise<number | null>;
  setNextNonce(next: number): Promise<void>;
}

const MAX_OPEN = 100_000;
const MAX_DONE = 1_000;

/** @see JobStore */
export const createJobStore = (
  store: Store,
  parts: {
    readonly chain: ChainName;
    readonly signer: Address;
    readonly spending: SpendingGuard;
    readonly now: () => number;
  },
): JobStore => {
  const { chain, signer, spending, now } = parts;

  const insertJob = async (
    trx: Executor,
    values: {
      readonly delivery: string | null;
      readonly call: JobCall;
      readonly mode: Job["mode"];
      readonly nonce: number | null;
    },
  ): Promise<number> => {
    const at = now();
    const row = await trx
      .insertInto("evm_jobs")
      .values({
        chain,
        signer,
        delivery_id: values.delivery,
        to_address: values.call.to,
        data: values.call.data,
        gas_limit: values.call.gasLimit.toString(),
        mode: values.mode,
        nonce: values.nonce,
        state: values.nonce === null ? "queued" : "live",
        tx_hash: null,
        block_number: null,
        block_hash: null,
        created_at: at,
        updated_at: at,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return row.id;
  };

  const readNext = async (db: Executor): Promise<number | null> => {
    const row = await db
      .selectFrom("evm_accounts")
      .select("next_nonce")
      .where("chain", "=", chain)
      .where("signer", "=", signer)
      .executeTakeFirst();
    return row?.next_nonce ?? null;
  };

  const writeNext = async (trx: Executor, next: number): Promise<void> => {
    const at = now();
    await trx
      .insertInto("evm_accounts")
      .values({ chain, signer, next_nonce: next, checked_at: at })
      .onConflict((row) =>
        row.columns(["chain", "signer"]).doUpdateSet({ next_nonce: next, checked_at: at }),
      )
      .execute();
  };

  const writeStep = async (trx: Executor, step: JobStep): Promise<void> => {
    const { job, state, landing, changes = [], spent } = step;
    if (state !== undefined || landing !== undefined)
      await trx
        .updateTable("evm_jobs")
        .set({
          updated_at: now(),
          ...(state === undefined ? {} : { state }),
          ...(landing === undefined
            ? {}
            : {
                tx_hash: landing?.hash ?? null,
                block_number: landing?.blockNumber ?? null,
                block_hash: landing?.blockHash ?? null,
              }),
        })
        .where("id", "=", job.id)
        .execute();
    if (!job.delivery) return;
    for (const change of changes) await changeDelivery(trx, job.delivery.id, change, now());
    if (spent !== undefined) await spending.settle(trx, job.delivery.id, spent);
  };

  return {
    delivery: async (id) => {
      const row = await findDelivery(store.db, id);
      return row?.chain === chain ? row : null;
    },
    unfinished: () => openDeliveries(store.db, { chain, limit: MAX_OPEN }),
    open: async () =>
      await withAttempts(
        store.db,
        await selectJobs(store.db, chain, signer)
          .where("evm_jobs.state", "in", ["queued", "live", "landed"])
          .orderBy("evm_jobs.id")
          .limit(MAX_OPEN)
          .execute(),
      ),
    doneSince: async (block) =>
      await withAttempts(
        store.db,
        await selectJobs(store.db, chain, signer)
          .where("evm_jobs.state", "=", "done")
          .where("evm_jobs.block_number", ">=", block)
          .orderBy("evm_jobs.id", "desc")
          .limit(MAX_DONE)
          .execute(),
      ),
    queue: async (row, call, mode) => {
      const id = await store.transaction(
        async (trx) => await insertJob(trx, { delivery: row.id, call, mode, nonce: null }),
        { sync: "later" },
      );
      const { feed, round, contract } = row;
      const delivery = { id: row.id, feed, round, contract };
      return {
        id,
        delivery,
        call,
        mode,
        state: "queued",
        nonce: null,
        attempts: [],
        landing: null,
      };
    },
    fill: async (nonce, to) => {
      const call: JobCall = { to, data: "0x", gasLimit: FILL_GAS };
      const values = { delivery: null, call, mode: "every", nonce } as const;
      const id = await store.transaction(async (trx) => await insertJob(trx, values));
      return {
        id,
        delivery: null,
        call,
        mode: "every",
        state: "live",
        nonce,
        attempts: [],
        landing: null,
      };
    },
    take: (request) =>
      store.transaction(
        async (trx): Promise<TakeOutcome> => {
          const { job, kind, build, change } = request;
          if (job.delivery) {
            const { id, feed, contract } = job.delivery;
            const { maxWei } = request;
            const decision = await spending.reserve(trx, { delivery: id, feed, contract, maxWei });
            if (!decision.ok) return { ok: false, error: decision.error, refusal: decision };
          }
          const nonce = job.nonce ?? Math.max(request.next ?? 0, (await readNext(trx)) ?? 0);
          if (job.nonce === null) {
            await writeNext(trx, nonce + 1);
            await trx
              .updateTable("evm_jobs")
              .set({ nonce, state: "live", updated_at: now() })
              .where("id", "=", job.id)
              .execute();
          }
          const unsigned = build(nonce);
          const { id } = await trx
            .insertInto("evm_attempts")
            .values({ job_id: job.id, kind, unsigned, raw: null, hash: null, created_at: now() })
            .returning("id")
            .executeTakeFirstOrThrow();
          if (job.delivery && change) await changeDelivery(trx, job.delivery.id, change, now());
          const attempt: Attempt = { id, kind, unsigned, raw: null, hash: null };
          const attempts = [...job.attempts, attempt];
          return { ok: true, job: { ...job, nonce, state: "live", attempts } };
        },
        // Nothing outside sees it before the signed bytes are stored, and those are synced.
        { sync: "later" },
      ),
    signed: async (job, attempt, raw, hash) => {
      const { delivery } = job;
      await store.transaction(async (trx) => {
        await trx
          .updateTable("evm_attempts")
          .set({ raw, hash })
          .where("id", "=", attempt)
          .execute();
        const row = delivery ? await findDelivery(trx, delivery.id) : null;
        if (!row) return;
        const subStatus = row.subStatus === "reserved" ? "signed" : row.subStatus;
        const detail = {
          txHash: hash,
          detail: hash,
          error: row.status === "prepared" ? null : row.error,
        };
        const change = { status: row.status, ...(subStatus ? { subStatus } : {}), ...detail };
        await changeDelivery(trx, row.id, change, now());
      });
      const attempts = job.attempts.map((each) =>
        each.id === attempt ? { ...each, raw, hash } : each,
      );
      return { ...job, attempts };
    },
    change: async (delivery, change) => {
      await store.transaction((trx) => changeDelivery(trx, delivery, change, now()));
    },
    retry: async (delivery) => {
      await store.transaction(async (trx) => {
        const status = (await findDelivery(trx, delivery))?.status ?? "unknown";
        // Where two press at once, the first one's try may be under way.
        if (status !== "failed") throw fabricError("DELIVERY_NOT_FAILED", { delivery, status });
        await changeDelivery(
          trx,
          delivery,
          { status: "prepared", subStatus: "retried", error: null },
          now(),
        );
      });
    },
    commit: async (steps) => {
      await store.transaction(async (trx) => {
        for (const step of steps) await writeStep(trx, step);
      });
      return steps.map(({ job, state, landing }) => ({
        ...job,
        ...(state === undefined ? {} : { state }),
        ...(landing === undefined ? {} : { landing }),
      }));
    },
    nextNonce: () => readNext(store.db),
    setNextNonce: async (next) => {
      await store.transaction(async (trx) => {
        await writeNext(trx, next);
      });
    },
  };
};

/** A transfer of nothing to oneself. */
export const FILL_GAS = 21_000n;

/** The delivery after a commit. Throws `DELIVERY_UNKNOWN`. */
export const deliveryOf = async (jobs: JobStore, id: string): Promise<DeliveryRow> => {
  const row = await jobs.delivery(id);
  if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
  return row;
};
