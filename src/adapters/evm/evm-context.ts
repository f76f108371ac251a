import type { Clock } from "../../core/clock.ts";
import type { EvmChain } from "./evm-chain.ts";
import type { EvmRpc } from "./evm-rpc.ts";
import type { FeeSource } from "./fee-policy.ts";
import type { FeedContract } from "./feed-contract.ts";
import type { SpendingGuard } from "./spending-guard.ts";
import type { JobStore } from "./submission/job-store.ts";
import type { TransactionSigner } from "./transaction-signer.ts";

/** What preparing and settling share. */
export interface EvmContext {
  readonly chain: EvmChain;
  readonly rpc: EvmRpc;
  readonly signer: TransactionSigner;
  readonly clock: Clock;
  readonly fees: FeeSource;
  readonly feeds: FeedContract;
  readonly jobs: JobStore;
  readonly spending: SpendingGuard;
}
