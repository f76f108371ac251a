import { expect, test } from "vitest";
import { announces } from "./announces.ts";
import { receiptSchema } from "./chain-answers.ts";
import { feedAbi } from "./feed-abi.ts";

const FEED = `0x${"11".repeat(20)}`;
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;

const receiptOf = (logs: readonly object[]) =>
  receiptSchema.parse({
    transactionHash: `0x${"aa".repeat(32)}`,
    blockNumber: "0x1",
    blockHash: `0x${"bb".repeat(32)}`,
    status: "0x1",
    gasUsed: "0x5208",
    logs,
  });

const announcement = (change: object = {}) => ({
  address: FEED,
  topics: [feedAbi.getEvent("AnswerUpdated")?.topicHash, word(42), word(7)],
  data: word(1),
  ...change,
});

test.each([
  ["the announcement of this round", announcement(), true],
  ["no event at all", null, false],
  ["another contract's event", announcement({ address: `0x${"22".repeat(20)}` }), false],
  ["another event", announcement({ topics: [word(1), word(42), word(7)] }), false],
  ["another round", announcement({ topics: [announcement().topics[0], word(42), word(8)] }), false],
  ["an event without its round", announcement({ topics: [announcement().topics[0]] }), false],
])("%s: %o", (_name, log, landed) => {
  expect(announces(receiptOf(log ? [log] : []), FEED, 7)).toBe(landed);
});
