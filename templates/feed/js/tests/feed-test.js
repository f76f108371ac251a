import {
  expectObservation,
  expectRefusal,
  mockHttp,
  readRecording,
  testCryptlet,
  testInEnclave,
} from "cryptlet-fabric/test-kit";
import { expect, it } from "vitest";
import { cryptlet } from "../src/main.js";

const at = "2026-07-03T16:09:00Z";
const recording = await readRecording(new URL("../recordings/calm.json", import.meta.url));

it("gives the middle of both exchanges, and the time of the one that has a time", async () => {
  expectObservation(await testCryptlet(cryptlet, { at, recording }))
    .toHaveValue("3001.50")
    .toHaveUsed(2)
    .toHaveSource("kraken", { extracted: "3001", observedAt: null })
    .toHaveSource("coinbase", { extracted: "3002" })
    .toBeObservedAt("2026-07-03T16:08:30.120Z");
});

it("asks the two public addresses and nobody else", async () => {
  const { requests } = await testCryptlet(cryptlet, { at, recording });
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET https://api.kraken.com/0/public/Ticker?pair=ETHUSD",
    "GET https://api.exchange.coinbase.com/products/ETH-USD/ticker",
  ]);
});

it.each([
  ["is down", { error: "HTTP_UNREACHABLE" }, "HTTP_UNREACHABLE"],
  ["answers an error", { status: 503, body: "" }, "SOURCE_STATUS"],
  [
    "reports one inside",
    { body: '{"error":["EQuery:Unknown asset pair"]}' },
    "SOURCE_REPORTED_ERROR",
  ],
  [
    "sells below what it buys for",
    { body: '{"error":[],"result":{"XETHZUSD":{"a":["2999"],"b":["3001"]}}}' },
    "PRICE_CROSSED",
  ],
])("publishes nothing when one exchange %s", async (_what, kraken, code) => {
  const http = mockHttp({ kraken });
  const report = await testCryptlet(cryptlet, { at, recording, http });
  const { arguments: said } = expectRefusal(report, "TOO_FEW_SOURCES", { used: "1" });
  expect(said["failures"]).toBe(`kraken: ${code}`);
});

it("does not take a trade of an hour ago for the price of now", async () => {
  const late = await testCryptlet(cryptlet, { at: "2026-07-03T17:09:00Z", recording });
  expectRefusal(late, "TOO_FEW_SOURCES", { failures: "coinbase: SOURCE_STALE" });
});

it("gives the same in the enclave that it gives here", async () => {
  const inside = await testInEnclave(new URL("..", import.meta.url), { at, recording });
  expectObservation(inside).toHaveValue("3001.50");
});
