import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import { createEvmAdapter } from "../adapters/evm/create-evm-adapter.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import { feePolicy } from "./fee-policy.ts";
import { openSigner } from "./open-signer.ts";
import type { Store } from "../store/store.ts";

type ChainConfig = FabricConfig["chains"][number];

/** Longest wait for the chain's first answer, in ms. */
const PROBE_MS = 5_000;

/**
 * The adapter of a configured chain. A chain that does not answer is no reason not to start: deliveries wait in the
 * database. Throws `CHAIN_MISMATCH` when it answers as another chain, `SECRET_KEY_INVALID`.
 */
export const connectChain = async (
  chain: ChainConfig,
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
): Promise<ChainAdapter> => {
  const adapter = createEvmAdapter({
    chain: {
      name: chain.name,
      rpcUrl: chain.endpoints[0]?.url.reveal() ?? "",
      chainId: chain.chainId,
      finality: chain.finality,
      fees: feePolicy(chain.fees),
    },
    signer: await openSigner(chain),
    store,
    clock,
  });
  try {
    const { engine, height } = await adapter.probe({ signal: AbortSignal.timeout(PROBE_MS) });
    log.info("chain connected", { chain: chain.name, engine, height });
  } catch (error) {
    if (isFabricError(error, "CHAIN_MISMATCH")) {
      await adapter.close();
      throw error;
    }
    log.warn("the chain does not answer yet; deliveries wait", { chain: chain.name, error });
  }
  return adapter;
};
