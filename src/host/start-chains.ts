import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";
import type { TrustPolicy } from "../envelope/trust-policy.ts";
import type { Store } from "../store/store.ts";
import { connectChain } from "./connect-chain.ts";
import { startDeliveryIntake } from "./delivery-intake.ts";
import { startDeliveryWorker } from "./delivery-worker.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import type { LoopProgress } from "./loop-progress.ts";
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
  readonly trust: TrustPolicy;
  readonly teardown: Teardown;
}

/** Connects every configured chain and starts its intake from the bus and its worker. Throws `CHAIN_MISMATCH`. */
export const startChains = async (
  config: FabricConfig,
  parts: ChainParts,
): Promise<readonly ChainAdapter[]> => {
  const { events, metrics, latest, teardown } = parts;
  const adapters: ChainAdapter[] = [];
  for (const chain of config.chains) {
    const adapter = await connectChain(chain, parts);
    teardown.push(() => adapter.close());
    adapters.push(adapter);
    const tick = parts.progress.register(`deliveries-${chain.name}`, WORKER_LIMIT_MS);
    const bindings = config.bindings.filter((binding) => binding.chain === chain.name);
    const worker = startDeliveryWorker({
      ...parts,
      adapter,
      bindings,
      onProgress: tick,
      onChange: (delivery) => {
        metrics.deliveries.inc({ chain: delivery.chain, status: delivery.status });
        latest.deliver(delivery);
        events.emit({ type: "delivery", delivery });
      },
    });
    teardown.push(() => worker.stop());
    const intake = await startDeliveryIntake({
      ...parts,
      fabric: config.fabric,
      chain: chain.name,
      bindings,
      onStored: () => {
        worker.wake();
      },
      onProgress: tick,
    });
    teardown.push(() => intake.stop());
  }
  return adapters;
};
