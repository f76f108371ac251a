import { createServer } from "node:http";
import { once } from "node:events";
import { AbiCoder, id } from "ethers";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { startTestChain } from "../../../test/support/anvil.ts";
import type { TestChain } from "../../../test/support/test-chain.ts";
import type { ChainQuery } from "../../../src/sdk/abi.ts";
import type { ChainRequest } from "./chain-reader.ts";
import { createJsonRpcChainReader } from "./json-rpc-chain-reader.ts";

const CHAIN_ID = 31_337;
/** PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN: answers 42 whatever it is asked. */
const ANSWERS_42 = "0x602a5f5260205ff3";
/** Reverts with the 32-byte word 7. */
const REVERTS = "0x60075f5260205ffd";
/** LOG1 with topic id("Moved()") and a word of data. */
const MOVED = id("Moved()");
const LOGS = `0x602a5f527f${MOVED.slice(2)}60205fa1`;
const CONTRACT = `0x${"c0".repeat(20)}`;
const REVERTER = `0x${"c1".repeat(20)}`;
const LOGGER = `0x${"c2".repeat(20)}`;

let chain: TestChain;
beforeAll(async () => {
  chain = await startTestChain();
  await chain.ask("anvil_setCode", CONTRACT, ANSWERS_42);
  await chain.ask("anvil_setCode", REVERTER, REVERTS);
  await chain.ask("anvil_setCode", LOGGER, LOGS);
  const [from] = (await chain.ask("eth_accounts")) as string[];
  await chain.ask("eth_sendTransaction", { from, to: LOGGER });
  await chain.ask("anvil_mine", "0x2");
});

/** Stands before the chain; `lie` replaces a result, or fails the request by throwing. */
const gate = async (lie: (method: string, result: unknown) => unknown): Promise<string> => {
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const part of request) body += String(part);
      const { method, params } = JSON.parse(body) as { method: string; params: unknown[] };
      try {
        const result = lie(method, await chain.ask(method, ...params));
        response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result }));
      } catch {
        response.writeHead(500).end("{}");
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
};

const answer: ChainQuery = { kind: "call", contract: CONTRACT, data: "0x12345678" };
const read = (
  endpoints: readonly string[],
  change: Partial<ChainRequest> = {},
  signal = new AbortController().signal,
) =>
  createJsonRpcChainReader([{ chain: "local", chainId: CHAIN_ID, endpoints }]).read(
    {
      chain: "local",
      block: "latest",
      queries: [answer],
      quorum: 1,
      maxResultBytes: 1_024,
      ...change,
    },
    { signal },
  );
const word = (value: number) => AbiCoder.defaultAbiCoder().encode(["uint256"], [value]);

test("calls, reverts and logs are answered at one block, which is named by number and hash", async () => {
  const reading = await read([chain.url], {
    queries: [
      answer,
      { kind: "call", contract: REVERTER, data: "0x12345678" },
      { kind: "logs", contract: LOGGER, topics: [MOVED], blocks: 100 },
      { kind: "logs", contract: LOGGER, topics: [MOVED], blocks: 1 },
    ],
  });
  const block = (await chain.ask("eth_getBlockByNumber", "latest", false)) as {
    number: string;
    hash: string;
    timestamp: string;
  };
  expect(reading).toMatchObject({
    chainId: CHAIN_ID,
    mode: "LIVE",
    block: {
      number: Number(block.number),
      hash: block.hash,
      timestamp: Number(block.timestamp) * 1_000,
    },
    quorum: { agreed: 1, asked: 1 },
  });
  const [call, revert, logs, none] = reading.results;
  expect(call).toEqual({ kind: "call", ok: true, data: word(42) });
  expect(revert).toEqual({ kind: "call", ok: false, data: word(7) });
  expect(logs).toMatchObject({
    kind: "logs",
    logs: [{ index: 0, topics: [MOVED], data: word(42) }],
  });
  expect(none).toEqual({ kind: "logs", logs: [] });
});

test("history is read by its number", async () => {
  const queries: ChainQuery[] = [{ kind: "logs", contract: LOGGER, topics: [null], blocks: 100 }];
  const before = await read([chain.url], { block: 0, queries });
  expect(before.block.number).toBe(0);
  expect(before.results).toEqual([{ kind: "logs", logs: [] }]);
  const after = await read([chain.url], { block: 1, queries });
  expect(after.results).toMatchObject([{ kind: "logs", logs: [{ block: 1 }] }]);
  await expect(read([chain.url], { block: 9_999 })).rejects.toMatchObject({
    code: "CHAIN_UNAVAILABLE",
  });
});

test("one liar among three is outvoted, two silent ones are no quorum", async () => {
  const liar = await gate((method, result) => (method === "eth_call" ? word(43) : result));
  const silent = await gate(() => {
    throw new Error("down");
  });
  const three = await read([liar, chain.url, chain.url], { quorum: 2 });
  expect(three.results).toEqual([{ kind: "call", ok: true, data: word(42) }]);
  expect(three.quorum).toEqual({ agreed: 2, asked: 3 });
  await expect(read([liar, chain.url], { quorum: 2 })).rejects.toMatchObject({
    code: "CHAIN_NO_QUORUM",
  });
  await expect(read([chain.url, silent, silent], { quorum: 2 })).rejects.toMatchObject({
    code: "CHAIN_NO_QUORUM",
  });
  await expect(read([chain.url], { quorum: 2 })).rejects.toMatchObject({ code: "CHAIN_NO_QUORUM" });
});

test("an endpoint that is ahead does not choose the block of those that are not", async () => {
  const ahead = await gate((method, result) =>
    method === "eth_getBlockByNumber" ? { ...(result as object), number: "0xffffff" } : result,
  );
  const reading = await read([ahead, chain.url, chain.url], { quorum: 2 });
  expect(reading.block.number).toBeLessThan(1_000);
  expect(reading.quorum.agreed).toBe(2);
});

test.each<[string, (method: string, result: unknown) => unknown]>([
  ["answers for another chain", (method, result) => (method === "eth_chainId" ? "0x1" : result)],
  ["gives what is no block", (method, result) => (method.startsWith("eth_getBlock") ? [] : result)],
  ["gives what is no bytes", (method, result) => (method === "eth_call" ? "42" : result)],
  ["gives too much", () => "x".repeat(9_000_000)],
])("an endpoint that %s counts as silent", async (_name, lie) => {
  await expect(read([await gate(lie)])).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
});

test("a block that is reorganised while it is read is not answered", async () => {
  let asked = 0;
  const moving = await gate((method, result) => {
    if (method !== "eth_getBlockByNumber") return result;
    asked += 1;
    return { ...(result as object), hash: `0x${String(asked).padStart(64, "0")}` };
  });
  await expect(read([moving], { queries: [] })).rejects.toMatchObject({
    code: "CHAIN_UNAVAILABLE",
  });
});

test("a large result, an unknown chain and an end are said by code", async () => {
  await expect(read([chain.url], { maxResultBytes: 31 })).rejects.toMatchObject({
    code: "CHAIN_RESULT_TOO_LARGE",
    arguments: { limit: 31 },
  });
  await expect(read([chain.url], { chain: "other" })).rejects.toMatchObject({
    code: "CHAIN_UNKNOWN",
  });
  const ended = AbortSignal.abort(new Error("over"));
  await expect(read([chain.url], {}, ended)).rejects.toThrow("over");
});
