import {
  expectObservation,
  expectRefusal,
  mockHttp,
  mockState,
  readRecording,
  testCryptlet,
  testInEnclave,
} from "cryptlet-fabric/test-kit";
import { expect, it } from "vitest";
import { cryptlet } from "../src/main.js";

const PAYOUT = "po_1OaFDbEcg9tTZuTgNYmX0PKB";
const parameters = { order: "A-17", amount: "1100", currency: "usd" };
const run = {
  at: "2026-07-03T16:09:00Z",
  recording: await readRecording(new URL("../recordings/payout.json", import.meta.url)),
  parameters,
  secrets: ["STRIPE_SECRET_KEY"],
};
const keyOf = (report) => report.requests[0]?.headers?.["idempotency-key"];

it("pays once, and looks at it afterwards", async () => {
  const state = mockState();
  const first = await testCryptlet(cryptlet, { ...run, state });
  expectObservation(first).toHaveFields({ payout: PAYOUT, status: "pending", amount: "1100" });
  expect(first.requests).toMatchObject([
    { method: "POST", body: "amount=1100&currency=usd&metadata[order]=A-17" },
  ]);
  const second = await testCryptlet(cryptlet, { ...run, state });
  expectObservation(second).toHaveFields({ payout: PAYOUT, status: "paid" });
  expect(second.requests).toMatchObject([
    { method: "GET", url: `https://api.stripe.com/v1/payouts/${PAYOUT}` },
  ]);
});

it("says the same key again when a run is repeated, whatever triggered it", async () => {
  const first = await testCryptlet(cryptlet, { ...run, trigger: "t-1" });
  const again = await testCryptlet(cryptlet, { ...run, trigger: "t-2" });
  expect(keyOf(first)).toMatch(/^[0-9a-f]{64}$/);
  expect(keyOf(again)).toBe(keyOf(first));
  const other = { ...run, parameters: { ...parameters, order: "A-18" } };
  expect(keyOf(await testCryptlet(cryptlet, other))).not.toBe(keyOf(first));
});

it("remembers nothing of a payment that nobody confirmed", async () => {
  const state = mockState();
  const http = mockHttp({ stripe: { error: "HTTP_TIMEOUT" } });
  expectRefusal(await testCryptlet(cryptlet, { ...run, state, http }), "HTTP_TIMEOUT");
  expect(state.entries).toEqual({});
});

it("never shows the key to the code", async () => {
  const { requests } = await testCryptlet(cryptlet, run);
  expect(requests[0]?.headers?.["authorization"]).toBe("Bearer {{secret:STRIPE_SECRET_KEY}}");
  expectRefusal(await testCryptlet(cryptlet, { ...run, secrets: [] }), "HTTP_SECRET_UNKNOWN");
});

const answered = { id: PAYOUT, amount: 1100, currency: "usd", status: "pending", created: 1 };
it.each([
  [
    "no funds",
    { status: 402, body: '{"error":{"code":"balance_insufficient"}}' },
    "SOURCE_REPORTED_ERROR",
  ],
  ["trouble", { status: 500, body: "" }, "SOURCE_STATUS"],
  ["another order", { json: { ...answered, metadata: { order: "A-18" } } }, "SOURCE_SHAPE"],
  [
    "another amount",
    { json: { ...answered, amount: 9, metadata: { order: "A-17" } } },
    "SOURCE_SHAPE",
  ],
  [
    "a strange id",
    { json: { ...answered, id: "../x", metadata: { order: "A-17" } } },
    "SOURCE_SHAPE",
  ],
])("publishes nothing when the provider says %s", async (_what, stripe, code) => {
  const state = mockState();
  const report = await testCryptlet(cryptlet, { ...run, state, http: mockHttp({ stripe }) });
  expectRefusal(report, code);
  expect(state.entries).toEqual({});
});

it.each([
  ["a fraction", { ...parameters, amount: "1.5" }],
  ["nothing to pay", { ...parameters, amount: "0" }],
  ["another currency", { ...parameters, currency: "xau" }],
  ["a field of its own in the order", { ...parameters, order: "A-17&amount=1" }],
])("refuses %s", async (_what, wrong) => {
  expectRefusal(await testCryptlet(cryptlet, { ...run, parameters: wrong }), "PARAMETERS_INVALID");
});

it("gives the same in the enclave that it gives here", async () => {
  const inside = await testInEnclave(new URL("..", import.meta.url), run);
  expectObservation(inside).toHaveFields({ payout: PAYOUT, status: "pending" });
});
