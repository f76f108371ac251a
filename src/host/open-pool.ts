import { createEvmPool, type EvmPool } from "../adapters/evm/endpoints/create-evm-pool.ts";
import type { FabricConfig } from "../core/config/schema.ts";

/** The endpoints of a configured chain. Nothing is asked yet. Waits for a network are in the machine's time, whatever clock a fabric runs on. */
export const openPool = (
  chain: Pick<
    FabricConfig["chains"][number],
    "name" | "chainId" | "endpoints" | "quorum" | "maxLagBlocks" | "timeoutMs"
  >,
): EvmPool =>
  createEvmPool({
    name: chain.name,
    chainId: chain.chainId,
    endpoints: chain.endpoints.map(({ name, url }) => ({ name, url: url.reveal() })),
    quorum: chain.quorum,
    maxLagBlocks: chain.maxLagBlocks,
    timeoutMs: chain.timeoutMs,
  });
