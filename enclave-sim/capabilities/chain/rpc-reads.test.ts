import { beforeAll, describe, expect, test } from "vitest";
import { startTestChain } from "../../../test/support/anvil.ts";
import type { TestChain } from "../../../test/support/test-chain.ts";
import type { ChainReader, ChainRequest } from "./chain-reader.ts";
import { createJsonRpcChainReader } from "./json-rpc-chain-reader.ts";
import {
  createJsonRpcEndpoint,
  type JsonRpcEndpoint,
  type RpcAnswer,
} from "./json-rpc-endpoint.ts";

const CONTRACT = `0x${"c0".repeat(20)}`;
const TOPIC = `0x${"11".repeat(32)}`;
const REVERTS = "0xdeadbeef";
/** Reverts with one byte for `deadbeef`; for anything else logs and returns the number of the block. */
const CODE = `0x60003560e01c63deadbeef1461003f57436000527f${TOPIC.slice(2)}60206000a160206000f35b600160005360016000fd`;
const { signal } = new AbortController();

const request = (change: Partial<ChainRequest> = {}): ChainRequest => ({
  chain: "local",
  block: "latest",
  queries: [{ kind: "call", contract: CONTRACT, data: "0x00000001" }],
  quorum: 1,
  maxResultBytes: 1_024,
  ...change,
});
const logs = (blocks: number) =>
  ({ kind: "logs", contract: CONTRACT, topics: [TOPIC], blocks }) as const;
const numberOf = (data: string) => Number(BigInt(data));

let chain: TestChain;
let other: TestChain;
let endpoint: JsonRpcEndpoint;
const emit = async (on: TestChain) => {
  const [from] = (await on.ask("eth_accounts")) as string[];
  await on.ask("eth_sendTransaction", { from, to: CONTRACT, data: "0x00000001" });
};
beforeAll(async () => {
  [chain, other] = await Promise.all([
    startTestChain(),
    startTestChain(["--timestamp", "1700000000"]),
  ]);
  for (const each of [chain, other]) {
    await each.ask("anvil_setCode", CONTRACT, CODE);
    for (let n = 0; n < 5; n += 1) await emit(each);
  }
  endpoint = createJsonRpcEndpoint(chain.url);
}, 60_000);

const over = (...endpoints: readonly JsonRpcEndpoint[]): ChainReader =>
  createJsonRpcChainReader(
    [
      {
        chain: "local",
        chainId: 31_337,
        endpoints: endpoints.map((_, n) => `${n}`),
        mode: "EMULATED",
      },
    ],
    (n) => endpoints[Number(n)] ?? away,
  );
/** An endpoint that lies about one method. */
const lying = (method: string, answer: (real: RpcAnswer) => RpcAnswer): JsonRpcEndpoint => ({
  ask: async (asked, params, ending) => {
    const real = await endpoint.ask(asked, params, ending);
    return asked === method ? answer(real) : real;
  },
});
const away: JsonRpcEndpoint = {
  ask: async () => {
    throw new Error("an endpoint did not answer");
  },
};

describe("on a real chain", () => {
  test("all queries are answered at one block, named by number and hash", async () => {
    const reading = await over(endpoint).read(
      request({ queries: [...request().queries, logs(1), logs(3)] }),
      { signal },
    );
    const [call, one, three] = reading.results;
    expect(reading).toMatchObject({
      chainId: 31_337,
      mode: "EMULATED",
      quorum: { agreed: 1, asked: 1 },
    });
    expect(reading.block.number).toBeGreaterThanOrEqual(5);
    expect(call).toMatchObject({ kind: "call", ok: true });
    if (call?.kind !== "call" || one?.kind !== "logs" || three?.kind !== "logs")
      throw new Error("?");
    expect(numberOf(call.data)).toBe(reading.block.number);
    expect(one.logs.map(({ block }) => block)).toEqual([reading.block.number]);
    expect(three.logs).toHaveLength(3);
    expect(three.logs[0]).toMatchObject({ topics: [TOPIC] });
  });

  test("history is read at the block that was asked for", async () => {
    const reading = await over(endpoint).read(request({ block: 3 }), { signal });
    expect(reading.block.number).toBe(3);
    expect(reading.results).toEqual([
      { kind: "call", ok: true, data: `0x${"3".padStart(64, "0")}` },
    ]);
  });

  test("a revert is an answer with the contract's data", async () => {
    const queries = [{ kind: "call", contract: CONTRACT, data: REVERTS }] as const;
    const reading = await over(endpoint).read(request({ queries }), { signal });
    expect(reading.results).toEqual([{ kind: "call", ok: false, data: "0x01" }]);
  });

  test("a block that is not there yet is no answer", async () => {
    await expect(
      over(endpoint).read(request({ block: 1_000_000 }), { signal }),
    ).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
  });

  test("a result above the bound is refused", async () => {
    const wide = request({ queries: [logs(5)], maxResultBytes: 100 });
    await expect(over(endpoint).read(wide, { signal })).rejects.toMatchObject({
      code: "CHAIN_RESULT_TOO_LARGE",
    });
  });

  test("an endpoint that lags behind moves the pinned block back, not out of agreement", async () => {
    const behind: JsonRpcEndpoint = {
      ask: (method, params, ending) =>
        endpoint.ask(method, params[0] === "latest" ? ["0x4", false] : params, ending),
    };
    const reading = await over(endpoint, behind).read(request({ quorum: 2 }), { signal });
    expect(reading).toMatchObject({ block: { number: 4 }, quorum: { agreed: 2, asked: 2 } });
    const alone = await over(endpoint, behind).read(request({ quorum: 1 }), { signal });
    expect(alone.block.number).toBeGreaterThan(4);
  });

  test("two chains do not agree, and three endpoints outvote one", async () => {
    const stranger = createJsonRpcEndpoint(other.url);
    await expect(
      over(endpoint, stranger).read(request({ quorum: 2 }), { signal }),
    ).rejects.toMatchObject({ code: "CHAIN_NO_QUORUM", arguments: { agreed: 1, needed: 2 } });
    const reading = await over(stranger, endpoint, endpoint).read(
      request({ block: 2, quorum: 2 }),
      {
        signal,
      },
    );
    expect(reading).toMatchObject({ quorum: { agreed: 2, asked: 3 } });
  });

  test("a liar or a dead endpoint costs its vote only", async () => {
    const liar = lying("eth_call", () => ({ ok: true, result: `0x${"f".repeat(64)}` }));
    const reading = await over(liar, endpoint, away, endpoint).read(request({ quorum: 2 }), {
      signal,
    });
    expect(reading.quorum).toEqual({ agreed: 2, asked: 4 });
    expect(reading.results).not.toEqual([{ kind: "call", ok: true, data: `0x${"f".repeat(64)}` }]);
  });
});

test.each<[string, string, RpcAnswer]>([
  [
    "a block without a hash",
    "eth_getBlockByNumber",
    { ok: true, result: { number: "0x1", timestamp: "0x1" } },
  ],
  ["no block", "eth_getBlockByNumber", { ok: true, result: null }],
  ["a chain id as a number", "eth_chainId", { ok: true, result: 31_337 }],
  ["a result that is no hex", "eth_call", { ok: true, result: "0xzz" }],
  ["half a byte", "eth_call", { ok: true, result: "0x1" }],
  ["no result", "eth_call", { ok: true, result: null }],
  ["an error that is no revert", "eth_call", { ok: false, code: -32_005, data: undefined }],
  ["a refused method", "eth_call", { ok: false, code: -32_601, data: "0x" }],
])("%s is no answer", async (_name, method, answer) => {
  await expect(over(lying(method, () => answer)).read(request(), { signal })).rejects.toMatchObject(
    {
      code: "CHAIN_UNAVAILABLE",
    },
  );
});

test.each([
  ["of another contract", { address: `0x${"aa".repeat(20)}` }],
  ["that was removed", { removed: true }],
])("a log %s is no answer", async (_name, change) => {
  const liar = lying("eth_getLogs", (real) => ({
    ok: true,
    result: ((real as { result: object[] }).result ?? []).map((log) => ({ ...log, ...change })),
  }));
  await expect(over(liar).read(request({ queries: [logs(2)] }), { signal })).rejects.toMatchObject({
    code: "CHAIN_UNAVAILABLE",
  });
});

test("a chain that is reorganised between two looks is no answer", async () => {
  let looks = 0;
  const liar = lying("eth_getBlockByNumber", (real) => {
    looks += 1;
    const { result } = real as { result: { hash: string } };
    return looks < 3 ? real : { ok: true, result: { ...result, hash: `0x${"ee".repeat(32)}` } };
  });
  await expect(over(liar).read(request({ queries: [logs(2)] }), { signal })).rejects.toMatchObject({
    code: "CHAIN_UNAVAILABLE",
  });
});

test("a chain that nobody configured is unknown, also by a name of the prototype", async () => {
  for (const name of ["ethereum", "toString", "__proto__"])
    await expect(over(endpoint).read(request({ chain: name }), { signal })).rejects.toMatchObject({
      code: "CHAIN_UNKNOWN",
    });
});

test("a run that ends does not wait for the chain", async () => {
  const controller = new AbortController();
  const stalled: JsonRpcEndpoint = {
    ask: (_method, _params, ending) =>
      new Promise((_, reject) => {
        ending.addEventListener("abort", () => reject(ending.reason as Error));
      }),
  };
  const reading = over(stalled).read(request(), { signal: controller.signal });
  controller.abort(new Error("ended"));
  await expect(reading).rejects.toThrow("ended");
});
