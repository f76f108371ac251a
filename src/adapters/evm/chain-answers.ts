import { z } from "zod";
import { quantity, smallQuantity } from "./evm-rpc.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/i);
const data = z.string().regex(/^0x(?:[0-9a-f]{2})*$/i);

/** Result bytes of `eth_call`. */
export const callResultSchema = data;

/** The part of a block that is used. */
export const blockSchema = z.object({
  number: smallQuantity,
  hash,
  timestamp: smallQuantity,
  /** Absent before London and on chains without a fee market. */
  baseFeePerGas: quantity.optional(),
});

/** The part of a receipt that is used. */
export const receiptSchema = z.object({
  transactionHash: hash,
  blockNumber: smallQuantity,
  blockHash: hash,
  status: smallQuantity,
  gasUsed: quantity,
  /** Wei per gas that was paid; absent on chains from before London. */
  effectiveGasPrice: quantity.optional(),
  contractAddress: z.string().nullable().optional(),
  logs: z.array(z.object({ address: z.string(), topics: z.array(hash), data })).max(10_000),
});

/** @see receiptSchema */
export type EvmReceipt = z.output<typeof receiptSchema>;

export const transactionSchema = z.object({
  hash,
  nonce: smallQuantity,
  blockNumber: smallQuantity.nullable(),
});
