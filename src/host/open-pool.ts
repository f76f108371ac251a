import { createEvmPool, type EvmPool } from "../adapters/evm/endpoints/create-evm-pool.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";

/** The endpoints of a configured chain. Nothing is asked yet. */
export const openPool = (
  chain: Pick<
    FabricConfig["chains"][number],
    "name" | "chainId" | "endpoints" | "quorum" | "maxLagBlocks" | "timeoutMs"
  >,
  clock?: Clock,
): EvmPool =>
  createEvmPool({
    name: chain.name,
    chainId: chain.chainId,
    endpoints: chain.endpoints.map(({ name, url }) => ({ name, url: url.reveal() })),
    quorum: chain.quorum,
    maxLagBlocks: chain.maxLagBlocks,
    timeoutMs: chain.timeoutMs,
    ...(clock ? { clock } : {}),
  });
