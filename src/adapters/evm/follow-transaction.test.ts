import { expect, test } from "vitest";
import type { EvmRpc } from "./evm-rpc.ts";
import { feedAbi } from "./feed-abi.ts";
import { announces, findReceipt } from "./follow-transaction.ts";

const OURS = `0x${"aa".repeat(32)}`;
const FEED = `0x${"11".repeat(20)}`;
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;

const receiptOf = (transactionHash: string, logs: readonly object[] = []) => ({
  transactionHash,
  blockNumber: "0x1",
  blockHash: `0x${"bb".repeat(32)}`,
  status: "0x1",
  gasUsed: "0x5208",
  logs,
});

/** A node that answers every question about a receipt with this one. */
const nodeWith = (receipt: unknown): EvmRpc => ({
  ask: async () => ({ ok: true, result: receipt }),
  call: async (schema) => schema.parse(receipt),
});

const announcement = (change: object = {}) => ({
  address: FEED,
  topics: [feedAbi.getEvent("AnswerUpdated")?.topicHash, word(42), word(7)],
  data: word(1),
  ...change,
});

test("a receipt of somebody else's transaction is no receipt", async () => {
  const find = (hash: string) => findReceipt(nodeWith(receiptOf(hash)), [OURS], {});
  expect(await find(`0x${"cc".repeat(32)}`)).toBeNull();
  expect((await find(OURS.toUpperCase().replace("0X", "0x")))?.blockNumber).toBe(1);
  expect(await findReceipt(nodeWith(null), [OURS], {})).toBeNull();
});

test.each([
  ["the announcement of this round", announcement(), true],
  ["no event at all", null, false],
  ["another contract's event", announcement({ address: `0x${"22".repeat(20)}` }), false],
  ["another event", announcement({ topics: [word(1), word(42), word(7)] }), false],
  ["another round", announcement({ topics: [announcement().topics[0], word(42), word(8)] }), false],
  ["an event without its round", announcement({ topics: [announcement().topics[0]] }), false],
])("%s: %o", async (_name, log, landed) => {
  const receipt = await findReceipt(nodeWith(receiptOf(OURS, log ? [log] : [])), [OURS], {});
  expect(receipt && announces(receipt, FEED, 7)).toBe(landed);
});
