import { expect, test } from "vitest";
import { draft } from "../../../test/support/guest-fixture.ts";
import { createManualClock } from "../../../src/core/manual-clock.ts";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema, feedIdSchema } from "../../../src/core/ids.ts";
import type { HostCall } from "../../../src/sdk/abi.ts";
import type { CallManifest } from "../../../src/sdk/manifest.ts";
import { createCryptletCalls } from "./create-cryptlet-calls.ts";
import type { CryptletCaller, CryptletReply, CryptletRequest } from "./cryptlet-caller.ts";

const digest = (hex: string) => digestSchema.parse(`sha256:${hex.repeat(32)}`);
const granted: readonly CallManifest[] = [
  {
    cryptlet: cryptletIdSchema.parse("gold-price"),
    feeds: [feedIdSchema.parse("xau-usd")],
    measurement: null,
  },
];
const reply: CryptletReply = {
  version: "1.2.0",
  measurement: digest("aa"),
  observation: draft(),
  mode: "LIVE",
  receiptDigest: digest("bb"),
  transcriptDigest: digest("cc"),
  transcripts: [],
};
type Call = Extract<HostCall, { op: "call" }>;
const call: Call = {
  op: "call",
  id: "gold",
  cryptlet: "gold-price",
  feed: "xau-usd",
  parameters: {},
};

const start = (
  answer: () => CryptletReply | Promise<CryptletReply> = () => reply,
  change: { path?: readonly string[]; granted?: readonly CallManifest[]; alone?: boolean } = {},
) => {
  const asked: CryptletRequest[] = [];
  const caller: CryptletCaller = {
    call: async (request) => {
      asked.push(request);
      return answer();
    },
  };
  const calls = createCryptletCalls(
    change.granted ?? granted,
    change.alone ? null : caller,
    { path: change.path ?? ["probe"], trigger: { id: "t", at: 1 }, mode: "EMULATED" },
    createManualClock(9_000),
  );
  const controller = new AbortController();
  const ask = (by: Partial<Call> = {}) =>
    calls.perform({ ...call, ...by }, { signal: controller.signal, nextReference: () => 3 });
  return { ask, asked, calls, controller };
};

test("the answer names the callee's code, and so does what is signed", async () => {
  const { ask, asked } = start();
  const { ok, provenance } = await ask();
  expect(ok).toEqual({
    reference: 3,
    mode: "LIVE",
    cryptlet: { id: "gold-price", version: "1.2.0", measurement: reply.measurement },
    observation: draft(),
    receipt: reply.receiptDigest,
    receivedAt: 9_000,
  });
  expect(provenance).toMatchObject([
    {
      reference: 3,
      id: "gold",
      mode: "LIVE",
      tls: null,
      status: null,
      call: {
        cryptlet: "gold-price",
        version: "1.2.0",
        measurement: reply.measurement,
        receiptDigest: reply.receiptDigest,
        transcriptDigest: reply.transcriptDigest,
      },
    },
  ]);
  expect(asked).toMatchObject([
    { path: ["probe"], trigger: { id: "t", at: 1 }, measurement: null },
  ]);
});

test("a callee without sources counts as its enclave does", async () => {
  const { ask } = start(() => ({ ...reply, mode: null }));
  expect((await ask()).provenance[0]?.mode).toBe("EMULATED");
});

test.each<[string, Partial<Call>]>([
  ["another Cryptlet", { cryptlet: "silver-price" }],
  ["another feed", { feed: "xag-usd" }],
  ["endless parameters", { parameters: "x".repeat(40_000) }],
])("%s is not called", async (_name, change) => {
  const { ask, asked } = start();
  await expect(ask(change)).rejects.toMatchObject({ code: "CALL_REFUSED" });
  expect(asked).toEqual([]);
});

test("a chain of callers has an end", async () => {
  const { ask, asked } = start(undefined, { path: ["a", "b", "c", "probe"] });
  await expect(ask()).rejects.toMatchObject({ code: "CALL_REFUSED" });
  expect(asked).toEqual([]);
});

test("nobody on the way here is called again", async () => {
  const { ask, asked } = start(undefined, { path: ["gold-price", "other", "probe"] });
  await expect(ask()).rejects.toMatchObject({ code: "CALL_REFUSED" });
  expect(asked).toEqual([]);
});

test("other code under the name is refused where the manifest names the code", async () => {
  const named = granted.map((entry) => ({ ...entry, measurement: digest("aa") }));
  await expect(start(undefined, { granted: named }).ask()).resolves.toBeDefined();
  const other = start(() => ({ ...reply, measurement: digest("ee") }), { granted: named });
  await expect(other.ask()).rejects.toMatchObject({ code: "CALL_REFUSED" });
  expect(other.asked[0]?.measurement).toBe(digest("aa"));
});

test("a callee's fault is told by its code alone, and the end of the run by its reason", async () => {
  const failing = start(() => {
    throw fabricError("GUEST_THREW", { reason: "a secret of the callee" });
  });
  await expect(failing.ask()).rejects.toMatchObject({
    code: "CALL_FAILED",
    arguments: { cryptlet: "gold-price", code: "GUEST_THREW" },
  });
  await expect(failing.ask()).rejects.not.toThrow(/secret of the callee/);
  const ending = start(() => {
    ending.controller.abort(fabricError("RUN_DEADLINE", { limitMs: 1 }));
    throw new Error("whatever");
  });
  await expect(ending.ask()).rejects.toMatchObject({ code: "RUN_DEADLINE" });
});

test("without a grant or without others there is no call", async () => {
  expect(start(undefined, { granted: [] }).calls.granted).toBe(false);
  await expect(start(undefined, { alone: true }).ask()).rejects.toMatchObject({
    code: "CALL_REFUSED",
  });
});
