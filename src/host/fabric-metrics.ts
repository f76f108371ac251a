import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Every figure of a fabric. Label values come from the configuration, so that their number is bounded. */
export interface FabricMetrics {
  readonly registry: Registry;
  readonly runs: Counter<"feed" | "outcome">;
  readonly runSeconds: Histogram<"feed">;
  readonly rounds: Counter<"feed" | "reason">;
  readonly latestRound: Gauge<"feed">;
  readonly latestObservedAt: Gauge<"feed">;
  readonly deliveries: Counter<"chain" | "status">;
  readonly webhookCalls: Counter<"outcome">;
  /** Reads the backlog of the outbox whenever the metrics are asked for. */
  watchOutbox(read: () => Promise<number>): void;
}

/** Names follow Prometheus' conventions: base units, `_total` for counters. */
export const createFabricMetrics = (): FabricMetrics => {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    runs: new Counter({
      name: "cryptlet_runs_total",
      help: "Runs by feed and outcome: published, unchanged or the error's code",
      labelNames: ["feed", "outcome"],
      registers,
    }),
    runSeconds: new Histogram({
      name: "cryptlet_run_duration_seconds",
      help: "From trigger to the enclave's answer, providers included",
      labelNames: ["feed"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    rounds: new Counter({
      name: "cryptlet_rounds_total",
      help: "Committed rounds by feed and reason",
      labelNames: ["feed", "reason"],
      registers,
    }),
    latestRound: new Gauge({
      name: "cryptlet_feed_round",
      help: "Newest committed round of a feed",
      labelNames: ["feed"],
      registers,
    }),
    latestObservedAt: new Gauge({
      name: "cryptlet_feed_observed_timestamp_seconds",
      help: "The sources' time of the newest round",
      labelNames: ["feed"],
      registers,
    }),
    deliveries: new Counter({
      name: "cryptlet_deliveries_total",
      help: "Changes of deliveries by chain and status",
      labelNames: ["chain", "status"],
      registers,
    }),
    webhookCalls: new Counter({
      name: "cryptlet_webhook_calls_total",
      help: "Tries of webhooks' calls by outcome: delivered, failed (comes again) or dead (given up on)",
      labelNames: ["outcome"],
      registers,
    }),
    watchOutbox(read) {
      const backlog = new Gauge({
        name: "cryptlet_outbox_backlog",
        help: "Committed envelopes that the bus does not have yet",
        registers,
        collect: async () => {
          backlog.set(await read());
        },
      });
    },
  };
};
