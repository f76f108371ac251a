import { z } from "zod";
import type { Finality } from "../contract/chain-adapter.ts";
import { blockSchema, receiptSchema, transactionSchema, type EvmReceipt } from "./chain-answers.ts";
import { smallQuantity, type EvmRpc, type RpcOptions } from "./evm-rpc.ts";
import { batchAbi } from "./batch-abi.ts";
import { feedAbi } from "./feed-abi.ts";

const ANSWER_UPDATED = feedAbi.getEvent("AnswerUpdated")?.topicHash ?? "";
const topicOf = (name: string): string => batchAbi.getEvent(name)?.topicHash ?? "";
const ROOT_STORED = topicOf("RootStored");
const ITEMS_STORED = topicOf("ItemsStored");
const WORDS_STORED = topicOf("WordsStored");

/** The first of the transactions that has a receipt; null when none has. At most one can: they share a nonce. */
export const findReceipt = async (
  rpc: EvmRpc,
  hashes: readonly string[],
  options: RpcOptions,
): Promise<EvmReceipt | null> => {
  for (const hash of hashes.toReversed()) {
    const receipt = await rpc.call(
      receiptSchema.nullable(),
      "eth_getTransactionReceipt",
      [hash],
      options,
    );
    // A node that answers about another transaction has said nothing about this one.
    if (receipt?.transactionHash.toLowerCase() === hash.toLowerCase()) return receipt;
  }
  return null;
};

/** True while a node knows one of the transactions. */
export const isKnown = async (
  rpc: EvmRpc,
  hashes: readonly string[],
  options: RpcOptions,
): Promise<boolean> => {
  for (const hash of hashes) {
    const schema = transactionSchema.nullable();
    if (await rpc.call(schema, "eth_getTransactionByHash", [hash], options)) return true;
  }
  return false;
};

/** Whether the chain counts the receipt's block as landed, and the block is still part of the chain. */
export const isFinal = async (
  rpc: EvmRpc,
  receipt: Pick<EvmReceipt, "blockNumber" | "blockHash">,
  finality: Finality,
  options: RpcOptions,
): Promise<boolean> => {
  switch (finality.kind) {
    case "instant":
      return true;
    case "depth": {
      if (finality.depth <= 1) return true;
      const height = await rpc.call(smallQuantity, "eth_blockNumber", [], options);
      if (height - receipt.blockNumber + 1 < finality.depth) return false;
      break;
    }
    case "tag": {
      const params = [finality.tag, false];
      // A chain without such a block yet answers null, or an error: not final so far.
      const answer = await rpc.ask("eth_getBlockByNumber", params, options);
      const block = answer.ok ? blockSchema.nullable().parse(answer.result) : null;
      if (!block || block.number < receipt.blockNumber) return false;
      break;
    }
  }
  const params = [`0x${receipt.blockNumber.toString(16)}`, false];
  const block = await rpc.call(
    z.object({ hash: z.string() }).nullable(),
    "eth_getBlockByNumber",
    params,
    options,
  );
  return block?.hash === receipt.blockHash;
};

/** Round that a log of a feed or of a batch announces; null where it announces none. */
const announcedRound = ({ topics, data }: EvmReceipt["logs"][number]): bigint | null => {
  const [kind, first, second] = topics;
  if (kind === ANSWER_UPDATED) return BigInt(second ?? 0);
  if (kind === ITEMS_STORED || kind === WORDS_STORED) return BigInt(first ?? 0);
  return kind === ROOT_STORED && data.length === 66 ? BigInt(data) >> 224n : null;
};

/** Whether the feed or batch announced exactly this round in the transaction. */
export const announces = (receipt: EvmReceipt, contract: string, round: number): boolean =>
  receipt.logs.some(
    (log) => log.address.toLowerCase() === contract && announcedRound(log) === BigInt(round),
  );
