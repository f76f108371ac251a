import type { ChainAdapter } from "../adapters/contract/chain-adapter.ts";
import { createEvmAdapter } from "../adapters/evm/create-evm-adapter.ts";
import { createSpendingGuard } from "../adapters/evm/create-spending-guard.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import type { ChainMetrics } from "./chain-metrics.ts";
import { endpointRemarks } from "./endpoint-remarks.ts";
import { feePolicy } from "./fee-policy.ts";
import { openPool } from "./open-pool.ts";
import { openSigner } from "./open-signer.ts";

type ChainConfig = FabricConfig["chains"][number];
type BindingConfig = FabricConfig["bindings"][number];

/** Longest wait for the chain's first answer, in ms. */
const PROBE_MS = 5_000;

/** What the operator has to mend: waiting changes nothing. */
const isOfConfiguration = (error: unknown): boolean =>
  isFabricError(error, "CHAIN_MISMATCH") || isFabricError(error, "CHAIN_FINALITY_UNSUPPORTED");

/**
 * The adapter of a configured chain. A chain that does not answer is no reason not to start: deliveries wait in the
 * database. Throws `CHAIN_MISMATCH` when it answers as another chain, `CHAIN_FINALITY_UNSUPPORTED`, and what the signer
 * throws when it is opened.
 */
export const connectChain = async (
  chain: ChainConfig,
  parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: ChainMetrics;
    /** Bindings on this chain. */
    readonly bindings: readonly Pick<BindingConfig, "feed" | "contract" | "budget">[];
  },
): Promise<ChainAdapter> => {
  const { store, clock, log, metrics } = parts;
  const { name } = chain;
  const pool = openPool(chain);
  const spending = createSpendingGuard({
    chain: name,
    clock,
    budgets: parts.bindings.flatMap(({ feed, contract, budget }) =>
      budget === null ? [] : { feed, contract, ...budget },
    ),
  });
  const adapter = createEvmAdapter({
    chain: {
      name,
      rpcUrl: chain.endpoints[0]?.url.reveal() ?? "",
      chainId: chain.chainId,
      finality: chain.finality,
      fees: feePolicy(chain.fees),
    },
    rpc: pool,
    spending,
    signer: await openSigner(chain),
    store,
    clock,
    onNotice: (notice) => {
      log.warn(`chain ${notice.type}`, { ...notice });
    },
  });
  metrics.watchEndpoints(name, () => pool.report());
  metrics.watchBudgets(name, () => spending.report(store.db));
  const probe: ChainAdapter["probe"] = async (options) => {
    const state = await adapter.probe(options);
    return { ...state, remarks: endpointRemarks(pool.report()) };
  };
  try {
    const { engine, height, remarks } = await probe({ signal: AbortSignal.timeout(PROBE_MS) });
    log.info("chain connected", { chain: name, engine, height, remarks });
  } catch (error) {
    if (isOfConfiguration(error)) {
      await adapter.close();
      throw error;
    }
    log.warn("the chain does not answer yet; deliveries wait", { chain: name, error });
  }
  return { ...adapter, probe };
};
