import type { ChainAdapter, DeliveryRecord } from "../adapters/contract/chain-adapter.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { ChainName, FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import { createChainMetrics } from "./chain-metrics.ts";
import { connectChain } from "./connect-chain.ts";
import { startDeliveryIntake } from "./delivery-intake.ts";
import { startDeliveryWorker } from "./delivery-worker.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import type { LoopProgress } from "./loop-progress.ts";
import { startReconciliation } from "./reconcile-deliveries.ts";
import type { RoundTrust } from "./quorum-feeds.ts";
import type { Teardown } from "./teardown.ts";

/** A worker turns at least every five seconds; a chain that hangs is noticed here. */
const WORKER_LIMIT_MS = 120_000;

export interface ChainParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly metrics: FabricMetrics;
  readonly latest: LatestRounds;
  readonly progress: LoopProgress;
  readonly trust: RoundTrust;
  /** @see DeliveryWorkerParts.holdMs */
  readonly holdMs: (feed: FeedId) => number;
  readonly teardown: Teardown;
}

/** A chain that is served: its adapter, and how to tell its worker that there is work. */
export interface RunningChain {
  readonly adapter: ChainAdapter;
  readonly wake: () => void;
}

/** Everybody who hears of deliveries hears of this change. */
export const announceDelivery =
  ({ events, metrics, latest, log }: Pick<ChainParts, "events" | "metrics" | "latest" | "log">) =>
  (delivery: DeliveryRecord): void => {
    if (delivery.status === "failed")
      log.warn("delivery failed", { delivery: delivery.id, code: delivery.error });
    metrics.deliveries.inc({ chain: delivery.chain, status: delivery.status });
    latest.deliver(delivery);
    events.emit({ type: "delivery", delivery });
  };

/** Connects every configured chain and starts its intake from the bus and its worker. Throws what `connectChain` throws. */
export const startChains = async (
  config: FabricConfig,
  parts: ChainParts,
): Promise<ReadonlyMap<ChainName, RunningChain>> => {
  const { teardown } = parts;
  const chainMetrics = createChainMetrics(parts.metrics.registry);
  const chains = new Map<ChainName, RunningChain>();
  for (const chain of config.chains) {
    const bindings = config.bindings.filter((binding) => binding.chain === chain.name);
    const adapter = await connectChain(chain, { ...parts, metrics: chainMetrics, bindings });
    teardown.push(() => adapter.close());
    const tick = parts.progress.register(`deliveries-${chain.name}`, WORKER_LIMIT_MS);
    const worker = startDeliveryWorker({
      ...parts,
      adapter,
      bindings,
      holdMs: parts.holdMs,
      onProgress: tick,
      onChange: announceDelivery(parts),
    });
    teardown.push(() => worker.stop());
    const wake = (): void => {
      worker.wake();
    };
    chains.set(chain.name, { adapter, wake });
    const reconciliation = startReconciliation({ ...parts, bindings, onStored: wake });
    teardown.push(() => reconciliation.stop());
    const intake = await startDeliveryIntake({
      ...parts,
      fabric: config.fabric,
      host: config.quorum?.host ?? null,
      chain: chain.name,
      bindings,
      onStored: wake,
      onProgress: tick,
    });
    teardown.push(() => intake.stop());
  }
  return chains;
};
