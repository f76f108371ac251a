import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { feedIdSchema } from "../core/ids.ts";
import { createChainMetrics } from "./chain-metrics.ts";

const FEED = feedIdSchema.parse("xau-usd");

it("shows endpoints and budgets of every chain as they are now", async () => {
  const registry = new Registry();
  const metrics = createChainMetrics(registry);
  let state: "live" | "quarantined" = "live";
  const endpoint = () => ({
    name: "a",
    state,
    code: null,
    height: 7,
    lag: 3,
    latencyMs: 250,
    asked: 9,
    failed: 2,
    contradicted: 1,
    retryInMs: 0,
  });
  metrics.watchEndpoints("one", () => ({ quorum: 1, endpoints: [endpoint()] }));
  metrics.watchEndpoints("two", () => ({ quorum: 1, endpoints: [endpoint()] }));
  const report = { feed: FEED, contract: "0x1", windowMs: 1, wei: 9n, spent: 4n, reserved: 2n };
  metrics.watchBudgets("one", async () => [report]);
  const first = await registry.metrics();
  for (const line of [
    'cryptlet_chain_endpoint_live{chain="one",endpoint="a"} 1',
    'cryptlet_chain_endpoint_live{chain="two",endpoint="a"} 1',
    'cryptlet_chain_endpoint_lag_blocks{chain="one",endpoint="a"} 3',
    'cryptlet_chain_endpoint_latency_seconds{chain="one",endpoint="a"} 0.25',
    'cryptlet_chain_endpoint_failures{chain="one",endpoint="a"} 2',
    'cryptlet_budget_wei{chain="one",feed="xau-usd",contract="0x1",part="spent"} 4',
  ])
    expect(first).toContain(line);
  state = "quarantined";
  expect(await registry.metrics()).toContain(
    'cryptlet_chain_endpoint_live{chain="one",endpoint="a"} 0',
  );
});
