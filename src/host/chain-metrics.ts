import { Gauge, type Registry } from "prom-client";
import type { EndpointReport, PoolReport } from "../adapters/evm/endpoints/endpoint-report.ts";
import type { SpendingReport } from "../adapters/evm/spending-guard.ts";

/** Figures of chains' endpoints and budgets, read whenever the metrics are asked for. */
export interface ChainMetrics {
  watchEndpoints(chain: string, read: () => PoolReport): void;
  watchBudgets(chain: string, read: () => Promise<readonly SpendingReport[]>): void;
}

/** Label values come from the configuration, so that their number is bounded. One per registry. */
export const createChainMetrics = (registry: Registry): ChainMetrics => {
  const pools = new Map<string, () => PoolReport>();
  const budgets = new Map<string, () => Promise<readonly SpendingReport[]>>();
  const registers = [registry];
  const watch = (name: string, help: string, read: (one: EndpointReport) => number): void => {
    const gauge = new Gauge({
      name: `cryptlet_chain_endpoint_${name}`,
      help,
      labelNames: ["chain", "endpoint"],
      registers,
      collect: () => {
        for (const [chain, report] of pools)
          for (const one of report().endpoints) gauge.set({ chain, endpoint: one.name }, read(one));
      },
    });
  };

  watch("live", "1 while an endpoint counts, 0 while it rests or is on probation", ({ state }) =>
    state === "live" || state === "lagging" ? 1 : 0,
  );
  watch("lag_blocks", "Blocks that an endpoint is behind the others", ({ lag }) => lag);
  watch(
    "latency_seconds",
    "Moving average of an endpoint's answers",
    ({ latencyMs }) => latencyMs / 1_000,
  );
  watch("requests", "Questions put to an endpoint", ({ asked }) => asked);
  watch("failures", "Questions that it gave no usable answer to", ({ failed }) => failed);
  watch(
    "contradictions",
    "Answers that the others contradicted",
    ({ contradicted }) => contradicted,
  );
  const wei = new Gauge({
    name: "cryptlet_budget_wei",
    help: "Budget of a binding in its window: limit, spent, and reserved for what may still land",
    labelNames: ["chain", "feed", "contract", "part"],
    registers,
    collect: async () => {
      for (const [chain, read] of budgets)
        for (const report of await read()) {
          const labels = { chain, feed: report.feed, contract: report.contract };
          // Figures for people: what decides stays exact.
          wei.set({ ...labels, part: "limit" }, Number(report.wei));
          wei.set({ ...labels, part: "spent" }, Number(report.spent));
          wei.set({ ...labels, part: "reserved" }, Number(report.reserved));
        }
    },
  });
  return {
    watchEndpoints: (chain, read) => void pools.set(chain, read),
    watchBudgets: (chain, read) => void budgets.set(chain, read),
  };
};
