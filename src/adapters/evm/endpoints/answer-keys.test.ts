import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RpcAnswer } from "../evm-rpc.ts";
import {
  ABSENT,
  anyKey,
  blockKey,
  blockPlace,
  bytesKey,
  minedPlace,
  quantityKey,
  quantityOf,
  receiptKey,
  REFUSED,
  transactionKey,
} from "./answer-keys.ts";
import { questionKind } from "./question-kinds.ts";

const ok = (result: unknown): RpcAnswer => ({ ok: true, result });
const refused = (data: string | null, message = "x"): RpcAnswer => ({
  ok: false,
  fault: { code: 3, message, data },
});
const word = (digit: string): string => `0x${digit.repeat(64)}`;
const receipt = {
  transactionHash: word("a"),
  blockNumber: "0x10",
  blockHash: word("b"),
  status: "0x1",
  gasUsed: "0x5208",
  effectiveGasPrice: "0x7",
  contractAddress: null,
  logs: [{ address: `0x${"1".repeat(40)}`, topics: [word("c")], data: "0xAB" }],
};

describe("answers that say the same", () => {
  it("have one key, however they write it", () => {
    expect(quantityKey(ok("0x0A"))).toBe(quantityKey(ok("0xa")));
    expect(bytesKey(ok("0xABCD"))).toBe(bytesKey(ok("0xabcd")));
    const other = {
      ...receipt,
      type: "0x2",
      blockHash: word("B"),
      blockNumber: "0x010",
      logs: [{ ...receipt.logs[0], logIndex: "0x0", removed: false, data: "0xab" }],
    };
    expect(receiptKey(ok(other))).toBe(receiptKey(ok(receipt)));
    expect(refused(null, "execution reverted")).not.toEqual(refused(null, "VM error"));
    expect(bytesKey(refused(null, "execution reverted"))).toBe(bytesKey(refused(null, "VM error")));
  });

  it("have one key in any order of names and case of hex", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(anyKey(ok(turned))).toBe(anyKey(ok(value)));
      }),
    );
    expect(anyKey(ok({ a: "0xAB", b: [1] }))).toBe(anyKey(ok({ b: [1], a: "0xab" })));
  });
});

describe("answers that say something else", () => {
  it.each([
    ["status", { status: "0x0" }],
    ["gas", { gasUsed: "0x5209" }],
    ["price", { effectiveGasPrice: "0x8" }],
    ["block", { blockHash: word("d") }],
    ["height", { blockNumber: "0x11" }],
    ["logs", { logs: [] }],
    ["contract", { contractAddress: `0x${"2".repeat(40)}` }],
  ])("of a receipt's %s have another key", (_, change) => {
    expect(receiptKey(ok({ ...receipt, ...change }))).not.toBe(receiptKey(ok(receipt)));
  });

  it("of reverts have another key by their data", () => {
    expect(bytesKey(refused("0x01"))).not.toBe(bytesKey(refused("0x02")));
    expect(bytesKey(refused("0x01"))).not.toBe(bytesKey(ok("0x01")));
    expect(bytesKey(refused("0xAB"))).toBe(bytesKey(refused("0xab")));
  });
});

it("is a key of its own to know nothing, and none to answer in another form", () => {
  for (const key of [quantityKey, bytesKey, blockKey, receiptKey, transactionKey, anyKey]) {
    expect(key(ok(null))).toBe(ABSENT);
    expect(key(refused(null))).toBe(REFUSED);
  }
  for (const key of [quantityKey, bytesKey, blockKey, receiptKey, transactionKey])
    for (const wrong of [{}, [], 7, "12", "0x0x", undefined, { hash: "0x1" }])
      expect(key(ok(wrong))).toBeNull();
});

it("reads where an answer stands", () => {
  expect(minedPlace(ok(receipt))).toEqual({ number: 16n, hash: word("b") });
  expect(minedPlace(ok({ blockNumber: null, blockHash: null }))).toBeNull();
  expect(blockPlace(ok({ number: "0x2", hash: word("e") }))).toEqual({
    number: 2n,
    hash: word("e"),
  });
  expect(blockPlace(refused(null))).toBeNull();
  expect(quantityOf(ok("0x7"))).toBe(7n);
  expect(quantityOf(ok("7"))).toBeNull();
});

it("knows what each question needs; one that it does not know needs a quorum", () => {
  expect(questionKind("eth_getBlockByNumber", ["finalized", false]).kind).toBe("block");
  expect(questionKind("eth_getBlockByNumber", ["0x1", false]).kind).toBe("fact");
  expect(questionKind("eth_getBlockByNumber", ["pending", false]).kind).toBe("any");
  expect(questionKind("eth_call", [{}, "latest"])).toMatchObject({ kind: "same", pin: 1 });
  expect(questionKind("eth_somethingNew", []).kind).toBe("same");
  expect(questionKind("web3_clientVersion", []).kind).toBe("any");
});
