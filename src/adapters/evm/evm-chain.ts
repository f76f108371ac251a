import type { ChainName } from "../../core/ids.ts";
import type { Finality } from "../contract/chain-adapter.ts";
import type { FeePolicy } from "./fee-policy.ts";

/** One EVM chain as configured. */
export interface EvmChain {
  readonly name: ChainName;
  /** May hold credentials: never logged, never in an error. */
  readonly rpcUrl: string;
  /** EIP-155. */
  readonly chainId: number;
  readonly finality: Finality;
  /** Default `market`. */
  readonly fees?: FeePolicy;
  /** Longest pause between two looks at a pending transaction, ms. Default 250. */
  readonly pollMs?: number;
  /** After this long without a receipt the fee is raised, ms. Default 60,000. */
  readonly stuckMs?: number;
}
