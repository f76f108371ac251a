import { expect, test } from "vitest";
import type { Address } from "../../../core/ids.ts";
import type { EvmRpc } from "../evm-rpc.ts";
import { createChainQuestions } from "./chain-questions.ts";

const OURS = `0x${"aa".repeat(32)}`;
const ACCOUNT = `0x${"11".repeat(20)}` as Address;

/** A node that answers every question about a receipt with this one. */
const nodeWith = (receipt: unknown): EvmRpc => ({
  ask: async () => ({ ok: true, result: receipt }),
  call: async (schema) => schema.parse(receipt),
});
const receiptOf = (transactionHash: string) => ({
  transactionHash,
  blockNumber: "0x1",
  blockHash: `0x${"bb".repeat(32)}`,
  status: "0x1",
  gasUsed: "0x5208",
  logs: [],
});

test.each([
  ["of another transaction", receiptOf(`0x${"cc".repeat(32)}`), null],
  ["of ours", receiptOf(OURS), 1],
  ["of ours in capitals", receiptOf(OURS.toUpperCase().replace("0X", "0x")), 1],
  ["that is not there", null, null],
])("a receipt %s", async (_name, answer, block) => {
  const questions = createChainQuestions(nodeWith(answer), ACCOUNT);
  expect((await questions.receipt(OURS, {}))?.blockNumber ?? null).toBe(block);
});
