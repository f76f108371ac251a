import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createManualClock } from "../../../src/core/manual-clock.ts";
import type { ChainAnswer, HostCall } from "../../../src/sdk/abi.ts";
import type { ChainManifest } from "../../../src/sdk/manifest.ts";
import type { ChainReader, ChainReading, ChainRequest } from "./chain-reader.ts";
import { createChainCalls } from "./create-chain-calls.ts";

const CONTRACT = `0x${"c0".repeat(20)}`;
const EVENT = `0x${"11".repeat(32)}`;
const HASH = `0x${"ab".repeat(32)}`;
const manifest: ChainManifest = {
  chain: "ethereum",
  chainId: 1,
  contracts: [{ address: CONTRACT, selectors: ["0xfeaf968c"], events: [EVENT] }],
  quorum: 2,
  maxLogBlocks: 10,
  maxResultBytes: 64,
};
type ChainRead = Extract<HostCall, { op: "chain.read" }>;
const queries: ChainRead["queries"] = [
  { kind: "call", contract: CONTRACT, data: "0xfeaf968c00" },
  { kind: "logs", contract: CONTRACT, topics: [EVENT, null], blocks: 10 },
];
const call = (change: Partial<ChainRead> = {}): ChainRead => ({
  op: "chain.read",
  id: "peg",
  chain: "ethereum",
  block: "finalized",
  queries,
  ...change,
});
const good: ChainReading = {
  chainId: 1,
  mode: "LIVE",
  block: { number: 100, hash: HASH, timestamp: 1_700_000_000_000 },
  quorum: { agreed: 2, asked: 3 },
  results: [
    { kind: "call", ok: true, data: "0x2a" },
    { kind: "logs", logs: [{ block: 91, index: 0, topics: [EVENT, HASH], data: "0x" }] },
  ],
};

const start = (answer: unknown = good, granted: readonly ChainManifest[] = [manifest]) => {
  const asked: ChainRequest[] = [];
  const reader: ChainReader = {
    read: async (request) => {
      asked.push(request);
      return answer as ChainReading;
    },
  };
  const calls = createChainCalls(granted, reader, createManualClock(5_000));
  const { signal } = new AbortController();
  const read = (asking: ChainRead) => calls.perform(asking, { signal, nextReference: () => 7 });
  return { asked, calls, read };
};

test("the answer names block and quorum, and so does what is signed", async () => {
  const { read, asked } = start();
  const { ok, provenance } = await read(call());
  expect(ok as unknown as ChainAnswer).toEqual({ reference: 7, chain: "ethereum", ...good });
  expect(provenance).toEqual([
    {
      reference: 7,
      id: "peg",
      mode: "LIVE",
      requestDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      tls: null,
      status: null,
      responseDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      receivedAt: 5_000,
      chain: {
        name: "ethereum",
        chainId: 1,
        blockNumber: 100,
        blockHash: HASH,
        agreed: 2,
        asked: 3,
      },
    },
  ]);
  expect(asked).toEqual([
    { chain: "ethereum", block: "finalized", queries, quorum: 2, maxResultBytes: 64 },
  ]);
});

test("another block or result has another digest, another source name has not", async () => {
  const digestOf = async (change: object, asking = call()) => {
    const { provenance } = await start({ ...good, ...change }).read(asking);
    return `${provenance[0]?.requestDigest} ${provenance[0]?.responseDigest}`;
  };
  const first = await digestOf({});
  expect(await digestOf({}, call({ id: "other" }))).toBe(first);
  expect(await digestOf({ block: { ...good.block, hash: EVENT } })).not.toBe(first);
  expect(
    await digestOf({ results: [{ kind: "call", ok: false, data: "0x2a" }, good.results[1]] }),
  ).not.toBe(first);
  expect(await digestOf({}, call({ block: "latest" }))).not.toBe(first);
});

describe("what the manifest does not name is not read", () => {
  const [allowedCall, allowedLogs] = queries;
  test.each<[string, Partial<ChainRead>]>([
    ["another chain", { chain: "base" }],
    [
      "another contract",
      { queries: [{ ...allowedCall, contract: `0x${"c1".repeat(20)}` }] as never },
    ],
    ["another selector", { queries: [{ ...allowedCall, data: "0xfeaf968d" }] as never }],
    ["logs of any event", { queries: [{ ...allowedLogs, topics: [null] }] as never }],
    ["logs of another event", { queries: [{ ...allowedLogs, topics: [HASH] }] as never }],
    ["more blocks", { queries: [{ ...allowedLogs, blocks: 11 }] as never }],
    [
      "one wrong query among good ones",
      { queries: [...queries, { ...allowedCall, data: "0x00000000" }] as never },
    ],
  ])("%s", async (_name, change) => {
    const { read, asked } = start();
    await expect(read(call(change))).rejects.toMatchObject({ code: "CHAIN_READ_REFUSED" });
    expect(asked).toEqual([]);
  });

  test("nothing at all without the capability; no reader is no chain", async () => {
    expect(start(good, []).calls.granted).toBe(false);
    const alone = createChainCalls([manifest], null, createManualClock(0));
    const { signal } = new AbortController();
    await expect(alone.perform(call(), { signal, nextReference: () => 1 })).rejects.toMatchObject({
      code: "CHAIN_UNKNOWN",
    });
  });
});

const [callResult, logResult] = good.results;
const log = { block: 91, index: 0, topics: [EVENT, HASH], data: "0x" };
test.each<[string, object, string]>([
  ["another chain id", { chainId: 5 }, "CHAIN_UNAVAILABLE"],
  ["too few that agree", { quorum: { agreed: 1, asked: 3 } }, "CHAIN_NO_QUORUM"],
  ["more that agree than were asked", { quorum: { agreed: 4, asked: 3 } }, "CHAIN_UNAVAILABLE"],
  ["a field too many", { trusted: true }, "CHAIN_UNAVAILABLE"],
  ["a hash that is none", { block: { ...good.block, hash: "0x" } }, "CHAIN_UNAVAILABLE"],
  ["a result too few", { results: [callResult] }, "CHAIN_UNAVAILABLE"],
  ["results in another order", { results: [logResult, callResult] }, "CHAIN_UNAVAILABLE"],
  [
    "a log before the range",
    { results: [callResult, { kind: "logs", logs: [{ ...log, block: 90 }] }] },
    "CHAIN_UNAVAILABLE",
  ],
  [
    "a log of the future",
    { results: [callResult, { kind: "logs", logs: [{ ...log, block: 101 }] }] },
    "CHAIN_UNAVAILABLE",
  ],
  [
    "a log twice",
    { results: [callResult, { kind: "logs", logs: [log, log] }] },
    "CHAIN_UNAVAILABLE",
  ],
  [
    "a log of another event",
    { results: [callResult, { kind: "logs", logs: [{ ...log, topics: [HASH] }] }] },
    "CHAIN_UNAVAILABLE",
  ],
  [
    "a huge result",
    { results: [{ kind: "call", ok: true, data: `0x${"00".repeat(5_000)}` }, logResult] },
    "CHAIN_RESULT_TOO_LARGE",
  ],
])("a reader that says %s is not believed", async (_name, change, code) => {
  await expect(start({ ...good, ...change }).read(call())).rejects.toMatchObject({ code });
});

test("a reader that answers another block than the number that was asked is not believed", async () => {
  await expect(start().read(call({ block: 99 }))).rejects.toMatchObject({
    code: "CHAIN_UNAVAILABLE",
  });
  await expect(start().read(call({ block: 100 }))).resolves.toBeDefined();
});

test("no answer of any form is believed, or ends in anything but a code", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (answer) => {
      await expect(start(answer).read(call())).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
    }),
  );
});

test.each([
  [
    "capitals in an address",
    { queries: [{ kind: "call", contract: CONTRACT.toUpperCase(), data: "0xfeaf968c" }] },
  ],
  ["three bytes of data", { queries: [{ kind: "call", contract: CONTRACT, data: "0xfeaf96" }] }],
  [
    "a sender",
    { queries: [{ kind: "call", contract: CONTRACT, data: "0xfeaf968c", from: CONTRACT }] },
  ],
  ["a value", { queries: [{ kind: "call", contract: CONTRACT, data: "0xfeaf968c", value: 1 }] }],
  ["no topics", { queries: [{ kind: "logs", contract: CONTRACT, topics: [], blocks: 1 }] }],
  ["no query", { queries: [] }],
  ["a pending block", { block: "pending" }],
  ["a negative block", { block: -1 }],
  ["no name", { id: "" }],
])("%s is no call", (_name, change) => {
  const { "chain.read": form } = start().calls.calls;
  expect(form.safeParse({ ...call(), ...change }).success).toBe(false);
  expect(form.safeParse(call()).success).toBe(true);
});
