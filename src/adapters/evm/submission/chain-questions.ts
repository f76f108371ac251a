import { z } from "zod";
import type { Address } from "../../../core/ids.ts";
import { receiptSchema, transactionSchema, type EvmReceipt } from "../chain-answers.ts";
import { quantity, smallQuantity, toQuantity, type EvmRpc, type RpcOptions } from "../evm-rpc.ts";
import type { BlockRef } from "./block-list.ts";

/** A block with what it holds. */
export interface ChainBlock extends BlockRef {
  /** Seconds since epoch. */
  readonly timestamp: number;
  /** Hashes, in the block's order. */
  readonly transactions: readonly string[];
}

/** What the submitter asks a chain. Each throws `CHAIN_UNREACHABLE`, `CHAIN_REFUSED` and the signal's reason. */
export interface ChainQuestions {
  head(options: RpcOptions): Promise<ChainBlock>;
  blockByHash(hash: string, options: RpcOptions): Promise<ChainBlock | null>;
  blockByNumber(number: number, options: RpcOptions): Promise<ChainBlock | null>;
  /** The newest block of a tag; null while the chain has none, or does not know the tag. */
  tagged(tag: "safe" | "finalized", options: RpcOptions): Promise<ChainBlock | null>;
  /** The account's transactions: `latest` in blocks, `pending` with those that the node still holds. */
  count(block: "latest" | "pending", options: RpcOptions): Promise<number>;
  receipt(hash: string, options: RpcOptions): Promise<EvmReceipt | null>;
  /** Receipts of these transactions of one block, in one question where the node can. */
  receipts(
    block: string,
    hashes: readonly string[],
    options: RpcOptions,
  ): Promise<readonly EvmReceipt[]>;
  /** True while the node knows the transaction, pending or landed. */
  isKnown(hash: string, options: RpcOptions): Promise<boolean>;
  balance(options: RpcOptions): Promise<bigint>;
  /** False when the node refuses: why, only its state says. */
  broadcast(raw: string, options: RpcOptions): Promise<boolean>;
}

const hash = z.string().regex(/^0x[0-9a-f]{64}$/i);

const blockSchema = z.object({
  number: smallQuantity,
  hash,
  parentHash: hash,
  timestamp: smallQuantity,
  transactions: z.array(hash).max(100_000),
});

/** From so many on, one question for the whole block is cheaper. */
const MANY = 4;

export const createChainQuestions = (rpc: EvmRpc, account: Address): ChainQuestions => {
  let hasBlockReceipts = true;

  const receipt: ChainQuestions["receipt"] = async (wanted, options) => {
    const answer = await rpc.call(
      receiptSchema.nullable(),
      "eth_getTransactionReceipt",
      [wanted],
      options,
    );
    // A node that answers about another transaction has said nothing about this one.
    return answer?.transactionHash.toLowerCase() === wanted.toLowerCase() ? answer : null;
  };

  const ofBlock = async (
    block: string,
    options: RpcOptions,
  ): Promise<readonly EvmReceipt[] | null> => {
    const answer = await rpc.ask("eth_getBlockReceipts", [block], options);
    const parsed = z
      .array(receiptSchema)
      .max(100_000)
      .safeParse(answer.ok ? answer.result : null);
    // Not every client has it: the single questions are always there.
    if (!parsed.success) hasBlockReceipts = false;
    return parsed.success ? parsed.data : null;
  };

  return {
    head: (options) => rpc.call(blockSchema, "eth_getBlockByNumber", ["latest", false], options),
    blockByHash: async (wanted, options) => {
      const block = await rpc.call(
        blockSchema.nullable(),
        "eth_getBlockByHash",
        [wanted, false],
        options,
      );
      return block?.hash === wanted ? block : null;
    },
    blockByNumber: (number, options) =>
      rpc.call(
        blockSchema.nullable(),
        "eth_getBlockByNumber",
        [toQuantity(number), false],
        options,
      ),
    tagged: async (tag, options) => {
      const answer = await rpc.ask("eth_getBlockByNumber", [tag, false], options);
      const parsed = blockSchema.nullable().safeParse(answer.ok ? answer.result : null);
      return parsed.success ? parsed.data : null;
    },
    count: (block, options) =>
      rpc.call(smallQuantity, "eth_getTransactionCount", [account, block], options),
    receipt,
    receipts: async (block, hashes, options) => {
      const all = hasBlockReceipts && hashes.length >= MANY ? await ofBlock(block, options) : null;
      if (all) {
        const wanted = new Set(hashes);
        return all.filter(({ transactionHash }) => wanted.has(transactionHash));
      }
      const answers: EvmReceipt[] = [];
      for (const wanted of hashes) {
        const one = await receipt(wanted, options);
        if (one) answers.push(one);
      }
      return answers;
    },
    isKnown: async (wanted, options) =>
      (await rpc.call(
        transactionSchema.nullable(),
        "eth_getTransactionByHash",
        [wanted],
        options,
      )) !== null,
    balance: (options) => rpc.call(quantity, "eth_getBalance", [account, "latest"], options),
    broadcast: async (raw, options) => (await rpc.ask("eth_sendRawTransaction", [raw], options)).ok,
  };
};
