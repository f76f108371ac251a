import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { blockSchema } from "./chain-answers.ts";
import { quantity, type EvmRpc, type RpcOptions } from "./evm-rpc.ts";

/**
 * How fees are set. `market` (EIP-1559): the newest base fee with headroom, and the tip that others give; type 0 at the
 * node's price where blocks have no base fee. `legacy-market`: type 0 at a percentage of the node's price. `legacy`: type
 * 0 at one price, 0 on permissioned chains. Wei per gas.
 */
export type FeePolicy =
  | {
      readonly kind: "market";
      /** Default: what `eth_feeHistory` shows, then what the node proposes, then 1 gwei. */
      readonly tipPerGas?: bigint;
      /** Of what the last 20 blocks' transactions gave; default 50. */
      readonly tipPercentile?: number;
      /** A history that says more is not believed; default 10 gwei. */
      readonly maxTipPerGas?: bigint;
      /** Of the base fee; default 200. */
      readonly baseFeePercent?: number;
      /** Default 10,000 gwei. */
      readonly maxFeePerGas?: bigint;
    }
  | {
      readonly kind: "legacy-market";
      /** Of `eth_gasPrice`; default 110. */
      readonly percent?: number;
      /** Default 10,000 gwei. */
      readonly maxFeePerGas?: bigint;
    }
  | { readonly kind: "legacy"; readonly gasPrice: bigint };

/** Fee fields of a transaction, wei. */
export type Fees =
  | { readonly type: 2; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: 0; readonly gasPrice: bigint };

/** Today's fees of one chain. */
export interface FeeSource {
  /**
   * Throws `CHAIN_FEES_TOO_HIGH` when the cap is below what a block would take now: waiting is all that is left. Throws
   * what the port throws.
   */
  current(options?: RpcOptions): Promise<Fees>;
}

const GWEI = 1_000_000_000n;
const DEFAULT_TIP = GWEI;
const DEFAULT_MAX_TIP = 10n * GWEI;
const DEFAULT_PERCENTILE = 50;
/** 10,000 gwei, above what any public chain has asked: a node that lies about its price does not empty the account. */
const DEFAULT_MAX_FEE = 10_000n * GWEI;
/** Base fees move by an eighth per block at most (EIP-1559): twice the last one holds for five full blocks. */
const DEFAULT_HEADROOM = 200;
const DEFAULT_LEGACY_PERCENT = 110;
/** Blocks whose tips are looked at. */
const HISTORY = 20;
const FRESH_MS = 12_000;

const historySchema = z.object({ reward: z.array(z.array(quantity).max(1)).max(1_024) });

const percentOf = (fee: bigint, percent: number): bigint => (fee * BigInt(percent)) / 100n;
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The middle of what blocks with transactions gave; null when there were none, or the node keeps no history. */
const tipOfHistory = async (
  rpc: EvmRpc,
  percentile: number,
  options?: RpcOptions,
): Promise<bigint | null> => {
  const params = [`0x${HISTORY.toString(16)}`, "latest", [percentile]];
  const answer = await rpc.ask("eth_feeHistory", params, options);
  const parsed = answer.ok ? historySchema.safeParse(answer.result) : null;
  // A block without transactions gives 0.
  const tips = (parsed?.data?.reward ?? []).flat().filter((tip) => tip > 0n);
  return tips.toSorted(ascending)[Math.floor(tips.length / 2)] ?? null;
};

/** What the node proposes; null where it proposes nothing. */
const tipOfNode = async (rpc: EvmRpc, options?: RpcOptions): Promise<bigint | null> => {
  const answer = await rpc.ask("eth_maxPriorityFeePerGas", [], options);
  return answer.ok ? (quantity.safeParse(answer.result).data ?? null) : null;
};

/** Fees by the policy, asked anew when the last answer is older than a block. */
export const createFeeSource = (
  rpc: EvmRpc,
  policy: FeePolicy,
  clock: Pick<Clock, "monotonic">,
  chain = "of these fees",
): FeeSource => {
  let cached: { readonly fees: Fees; readonly at: number } | null = null;

  const legacy = async (percent: number, cap: bigint, options?: RpcOptions): Promise<Fees> => {
    const asked = await rpc.call(quantity, "eth_gasPrice", [], options);
    if (asked > cap) throw fabricError("CHAIN_FEES_TOO_HIGH", { chain, asked, cap });
    return { type: 0, gasPrice: smaller(percentOf(asked, percent), cap) };
  };
  const ask = async (options?: RpcOptions): Promise<Fees> => {
    if (policy.kind === "legacy") return { type: 0, gasPrice: policy.gasPrice };
    const cap = policy.maxFeePerGas ?? DEFAULT_MAX_FEE;
    if (policy.kind === "legacy-market")
      return await legacy(policy.percent ?? DEFAULT_LEGACY_PERCENT, cap, options);
    const block = await rpc.call(blockSchema, "eth_getBlockByNumber", ["latest", false], options);
    if (block.baseFeePerGas === undefined) return await legacy(100, cap, options);
    const wished =
      policy.tipPerGas ??
      (await tipOfHistory(rpc, policy.tipPercentile ?? DEFAULT_PERCENTILE, options)) ??
      (await tipOfNode(rpc, options)) ??
      DEFAULT_TIP;
    const tip = policy.tipPerGas ?? smaller(wished, policy.maxTipPerGas ?? DEFAULT_MAX_TIP);
    if (block.baseFeePerGas > cap)
      throw fabricError("CHAIN_FEES_TOO_HIGH", { chain, asked: block.baseFeePerGas, cap });
    const headroom = percentOf(block.baseFeePerGas, policy.baseFeePercent ?? DEFAULT_HEADROOM);
    const maxFeePerGas = smaller(headroom + tip, cap);
    return { type: 2, maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) };
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
