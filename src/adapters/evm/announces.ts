import { batchAbi } from "./batch-abi.ts";
import type { EvmReceipt } from "./chain-answers.ts";
import { feedAbi } from "./feed-abi.ts";

const ANSWER_UPDATED = feedAbi.getEvent("AnswerUpdated")?.topicHash ?? "";
const topicOf = (name: string): string => batchAbi.getEvent(name)?.topicHash ?? "";
const ROOT_STORED = topicOf("RootStored");
const ITEMS_STORED = topicOf("ItemsStored");
const WORDS_STORED = topicOf("WordsStored");

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
