import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createJsonRpcChainReader } from "../../enclave-sim/capabilities/chain/json-rpc-chain-reader.ts";
import type { ChainQuery } from "../sdk/abi.ts";
import { startChainReplay, type ChainReplay, type ReplayedRead } from "./start-chain-replay.ts";

const CONTRACT = `0x${"ab".repeat(20)}`;
const OTHER = `0x${"cd".repeat(20)}`;
const HASH = `0x${"12".repeat(32)}`;
const NOW = Date.parse("2026-03-01T12:00:00Z");
const STATE: ChainQuery = { kind: "call", contract: CONTRACT, data: "0xc19d93fb" };

let replay: ChainReplay;
let recorded: readonly ReplayedRead[] = [];
const missing: string[] = [];

beforeAll(async () => {
  replay = await startChainReplay({
    reads: (chain) => (chain === "main net" ? recorded : []),
    now: () => NOW,
    onMissing: ({ chain, method }) => void missing.push(`${chain} ${method}`),
  });
});
afterAll(() => replay.close());
beforeEach(() => {
  missing.length = 0;
});

const read = (queries: readonly ChainQuery[], chainId = 1) =>
  createJsonRpcChainReader([
    { chain: "main net", chainId, endpoints: [replay.url("main net")], mode: "EMULATED" },
  ]).read(
    { chain: "main net", block: "latest", queries, quorum: 1, maxResultBytes: 65_536 },
    { signal: new AbortController().signal },
  );

describe("startChainReplay, read as a node is", () => {
  it("answers calls, reverts and logs at the block that was recorded", async () => {
    const logs: ChainQuery = { kind: "logs", contract: OTHER, topics: [HASH, null], blocks: 10 };
    const log = { block: 95, index: 3, topics: [HASH], data: "0x01" };
    recorded = [
      {
        chainId: 5,
        block: { number: 100, hash: HASH, timestamp: NOW - 4_000 },
        queries: [STATE, { ...STATE, contract: OTHER }, logs],
        results: [
          { kind: "call", ok: true, data: "0x02" },
          { kind: "call", ok: false, data: "0x08c379a0" },
          { kind: "logs", logs: [log] },
        ],
      },
    ];
    const found = await read([STATE, { ...STATE, contract: OTHER }, logs], 5);
    expect(found).toMatchObject({
      mode: "EMULATED",
      block: { number: 100, hash: HASH, timestamp: NOW - 4_000 },
      results: [
        { kind: "call", ok: true, data: "0x02" },
        { kind: "call", ok: false, data: "0x08c379a0" },
        { kind: "logs", logs: [log] },
      ],
    });
    expect(missing).toEqual([]);
  });

  it("takes the newest read that holds the question, else the one result that was recorded without one", async () => {
    const say = (data: string, queries?: readonly ChainQuery[]): ReplayedRead => ({
      results: [{ kind: "call", ok: true, data }],
      ...(queries ? { queries } : {}),
    });
    recorded = [say("0x03", [STATE]), say("0x02", [STATE]), say("0x01")];
    const found = await read([STATE, { ...STATE, data: "0xffffffff" }]);
    expect(found.results).toEqual([
      { kind: "call", ok: true, data: "0x03" },
      { kind: "call", ok: true, data: "0x01" },
    ]);
    expect(found.block.timestamp).toBe(NOW);
  });

  it("gives no answer that was not recorded", async () => {
    recorded = [
      {
        results: [
          { kind: "call", ok: true, data: "0x01" },
          { kind: "call", ok: true, data: "0x02" },
        ],
      },
    ];
    await expect(read([STATE])).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
    expect(missing).toEqual(["main net eth_call"]);
    await expect(read([STATE], 7)).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
  });
});

it.each([
  "",
  "[]",
  "{",
  '{"id":1,"method":5}',
  JSON.stringify({ id: 1, method: "x", params: [1, 2, 3, 4, 5] }),
])("refuses %s", async (body) => {
  const answer = await fetch(replay.url("main net"), { method: "POST", body });
  expect(answer.status).toBe(400);
});

it("does nothing that changes a chain", async () => {
  const body = JSON.stringify({ id: 1, method: "eth_sendRawTransaction", params: ["0x00"] });
  const answer = await fetch(`${replay.url("%")}%`, { method: "POST", body });
  expect(await answer.json()).toMatchObject({ error: { code: -32_601 } });
});
