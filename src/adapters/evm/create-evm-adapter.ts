import { setMaxListeners } from "node:events";
import { systemClock, type Clock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { DeliveryRow } from "../../store/deliveries.ts";
import type { Store } from "../../store/store.ts";
import { isSettled, type ChainAdapter, type ChainState } from "../contract/chain-adapter.ts";
import type { ChainNotice } from "../contract/chain-notice.ts";
import { toDeliveryRecord } from "../contract/delivery-record.ts";
import type { EvmChain } from "./evm-chain.ts";
import type { EvmContext } from "./evm-context.ts";
import { createEvmRpc, type EvmRpc } from "./evm-rpc.ts";
import { createFeeSource } from "./fee-policy.ts";
import { createFeedContract } from "./feed-contract.ts";
import { prepareDelivery } from "./prepare-delivery.ts";
import { probeChain } from "./probe-chain.ts";
import { unlimitedSpending, type SpendingGuard } from "./spending-guard.ts";
import { createJobStore, deliveryOf } from "./submission/job-store.ts";
import { createSubmitter } from "./submission/submitter.ts";
import type { TransactionSigner } from "./transaction-signer.ts";

/**
 * Deliveries to feeds on one EVM chain, paid by one account. Signs locally, stores the raw bytes before they are
 * broadcast, and judges by the chain's state: receipt, transaction, nonce, the contract's round.
 * Nothing is asked of the chain before the first verb.
 * @example
 * ```ts
 * const adapter = createEvmAdapter({ chain, signer: createTransactionSigner(secret), store });
 * await adapter.probe();
 * const { id } = await adapter.prepare(delivery);
 * const { status } = await adapter.settle(id); // "final"
 * ```
 */
export const createEvmAdapter = (parts: {
  readonly chain: EvmChain;
  readonly signer: TransactionSigner;
  readonly store: Store;
  readonly clock?: Clock;
  /** Several endpoints behind one port; default: `chain.rpcUrl` alone. */
  readonly rpc?: EvmRpc;
  /** Default: everything may be spent. */
  readonly spending?: SpendingGuard;
  /** Hears of reorgs, of nonces that were mended, and of what the submitter waits for. */
  readonly onNotice?: (notice: ChainNotice) => void;
}): ChainAdapter => {
  const { chain, signer } = parts;
  const clock = parts.clock ?? systemClock;
  const rpc = parts.rpc ?? createEvmRpc({ name: chain.name, url: chain.rpcUrl });
  const spending = parts.spending ?? unlimitedSpending;
  const context: EvmContext = {
    chain,
    rpc,
    signer,
    clock,
    spending,
    fees: createFeeSource(rpc, chain.fees ?? { kind: "market" }, clock, chain.name),
    feeds: createFeedContract(rpc),
    jobs: createJobStore(parts.store, {
      chain: chain.name,
      signer: signer.address,
      spending,
      now: () => clock.now(),
    }),
  };
  const { jobs } = context;
  const submitter = createSubmitter({
    ...context,
    notice: parts.onNotice ?? (() => undefined),
  });
  const closing = new AbortController();
  // One listener per verb in progress.
  setMaxListeners(0, closing.signal);
  /** A verb ends with its caller's signal or with the adapter. `AbortSignal.any` would leak on the long-lived one in Node 20. */
  const within = async <Result>(
    outer: AbortSignal | undefined,
    verb: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => {
    const own = new AbortController();
    const sources = outer ? [outer, closing.signal] : [closing.signal];
    const listening = new AbortController();
    for (const source of sources) {
      source.throwIfAborted();
      const stop = (): void => own.abort(source.reason);
      source.addEventListener("abort", stop, { signal: listening.signal });
    }
    try {
      return await verb(own.signal);
    } finally {
      listening.abort();
    }
  };
  /** One probe before anything is signed: a wrong chain must never get a signature. */
  let probed: Promise<ChainState> | null = null;
  const ensureChain = async (signal: AbortSignal): Promise<void> => {
    probed ??= probeChain(rpc, chain, { signal });
    try {
      await probed;
    } catch (error) {
      probed = null;
      throw error;
    }
  };

  return {
    name: chain.name,
    capabilities: { finality: chain.finality, rounds: true, replacement: true },
    probe: (options) => within(options?.signal, (signal) => probeChain(rpc, chain, { signal })),
    prepare: (delivery, options) =>
      within(options?.signal, async (signal) => {
        await ensureChain(signal);
        return toDeliveryRecord(await prepareDelivery(context, submitter, delivery, { signal }));
      }),
    settle: async (id, options) => {
      const row = await deliveryOf(jobs, id);
      if (isSettled(row)) return toDeliveryRecord(row);
      const onChange = (changed: DeliveryRow): void =>
        options?.onChange?.(toDeliveryRecord(changed));
      return await within(options?.signal, async (signal) => {
        await ensureChain(signal);
        return toDeliveryRecord(await submitter.settle(id, { signal, onChange }));
      });
    },
    retry: async (id) => {
      await deliveryOf(jobs, id);
      await jobs.retry(id);
      return toDeliveryRecord(await deliveryOf(jobs, id));
    },
    find: async (id) => {
      const row = await jobs.delivery(id);
      return row ? toDeliveryRecord(row) : null;
    },
    unfinished: async () => (await jobs.unfinished()).map(toDeliveryRecord),
    latest: ({ contract, feedHash }, options) =>
      within(options?.signal, async (signal) => {
        const feed = await context.feeds.resolve({ contract, feedHash }, { signal });
        return await context.feeds.latest(feed, { signal });
      }),
    close: async () => {
      const reason = fabricError("INTERRUPTED", { what: `The adapter of chain ${chain.name}` });
      closing.abort(reason);
      await submitter.close(reason);
    },
  };
};
