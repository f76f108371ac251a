import { createEvmPool, type EvmPool } from "../../src/adapters/evm/endpoints/create-evm-pool.ts";
import type { EndpointReport } from "../../src/adapters/evm/endpoints/endpoint-report.ts";
import { openFalseNode, type Falsehood, type FalseNode } from "./false-node.ts";
import { LOCAL } from "./delivery-fixture.ts";

/** What a test may want otherwise. */
export type PoolChange = Partial<Parameters<typeof createEvmPool>[0]>;

/** A pool over nodes that may not be honest. */
export interface PoolStage {
  readonly pool: EvmPool;
  readonly nodes: readonly FalseNode[];
  standing(): readonly Pick<EndpointReport, "state" | "code">[];
}

/** One node before `target` for each behaviour; null is an honest one. Two must agree, and waits are short. */
export const openPoolStage = async (
  target: string,
  behaviours: readonly (Falsehood | null)[],
  change: PoolChange = {},
): Promise<PoolStage> => {
  const nodes = await Promise.all(behaviours.map(() => openFalseNode(target)));
  for (const [index, behaviour] of behaviours.entries()) nodes[index]?.behave(behaviour);
  const pool = createEvmPool({
    name: LOCAL,
    chainId: 31_337,
    quorum: 2,
    timeoutMs: 2_000,
    hedgeMs: 100,
    endpoints: nodes.map(({ url }, index) => ({ name: `n${index}`, url })),
    ...change,
  });
  return {
    pool,
    nodes,
    standing: () => pool.report().endpoints.map(({ state, code }) => ({ state, code })),
  };
};
