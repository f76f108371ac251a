import type { Clock } from "../../core/clock.ts";
import { blockSchema } from "./chain-answers.ts";
import { quantity, type EvmRpc, type RpcOptions } from "./evm-rpc.ts";

/**
 * How fees are set. `market` (EIP-1559): twice the base fee of the latest block plus the tip, or the node's gas price
 * where there is no base fee; at most `maxFeePerGas`, which is 10,000 gwei when left out.
 * `legacy`: type 0 at one price, 0 on permissioned chains. Wei.
 */
export type FeePolicy =
  | { readonly kind: "market"; readonly tipPerGas?: bigint; readonly maxFeePerGas?: bigint }
  | { readonly kind: "legacy"; readonly gasPrice: bigint };

/** Fee fields of a transaction, wei. */
export type Fees =
  | { readonly type: 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: 0; readonly gasPrice: bigint };

export interface FeeSource {
  current(options?: RpcOptions): Promise<Fees>;
}

const DEFAULT_TIP = 1_000_000_000n;
/** 10,000 gwei, above what any public chain has asked: a node that lies about its price does not empty the account. */
const DEFAULT_MAX_FEE = 10_000_000_000_000n;
/** Base fees move by an eighth per block at most: twice the last one holds for five full blocks. */
const HEADROOM = 2n;
const FRESH_MS = 12_000;

/** Fees by the policy, asked anew when the last answer is older than a block. */
export const createFeeSource = (rpc: EvmRpc, policy: FeePolicy, clock: Clock): FeeSource => {
  let cached: { readonly fees: Fees; readonly at: number } | null = null;
  const ask = async (options?: RpcOptions): Promise<Fees> => {
    if (policy.kind === "legacy") return { type: 0, gasPrice: policy.gasPrice };
    const block = await rpc.call(blockSchema, "eth_getBlockByNumber", ["latest", false], options);
    const most = policy.maxFeePerGas ?? DEFAULT_MAX_FEE;
    const capped = (fee: bigint): bigint => (fee > most ? most : fee);
    // Here the node's word is what is paid, so that the cap matters most.
    if (block.baseFeePerGas === undefined)
      return { type: 0, gasPrice: capped(await rpc.call(quantity, "eth_gasPrice", [], options)) };
    const tip = policy.tipPerGas ?? DEFAULT_TIP;
    const maxFeePerGas = capped(block.baseFeePerGas * HEADROOM + tip);
    return {
      type: 2,
      maxFeePerGas,
      maxPriorityFeePerGas: tip < maxFeePerGas ? tip : maxFeePerGas,
    };
  };
  return {
    current: async (options) => {
      if (cached && clock.monotonic() - cached.at < FRESH_MS) return cached.fees;
      const fees = await ask(options);
      cached = { fees, at: clock.monotonic() };
      return fees;
    },
  };
};

/** Nodes replace a pending transaction from 10 % more on; an eighth leaves room for rounding. */
const bump = (fee: bigint): bigint => fee + fee / 8n + 1n;

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Fees that replace a pending transaction: an eighth above its own, and not below today's. */
export const raiseFees = (paid: Fees, today: Fees): Fees => {
  if (paid.type === 0)
    return {
      type: 0,
      gasPrice: larger(bump(paid.gasPrice), today.type === 0 ? today.gasPrice : 0n),
    };
  const market = today.type === 2 ? today : paid;
  return {
    type: 2,
    maxFeePerGas: larger(bump(paid.maxFeePerGas), market.maxFeePerGas),
    maxPriorityFeePerGas: larger(bump(paid.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
  };
};
