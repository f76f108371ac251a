import fc from "fast-check";
import { expect, test } from "vitest";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { createRunId, cryptletIdSchema, digestSchema } from "../../src/core/ids.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { HostAnswer } from "../../src/sdk/abi.ts";
import { AT, probePackage, trigger } from "../../test/support/guest-fixture.ts";
import type { HttpCapability, HttpExchange } from "../capabilities/http/http-capability.ts";
import { createGuestLogger } from "../capabilities/log/guest-log.ts";
import { limitsOf } from "../protocol/limits.ts";
import { createCallDesk } from "./call-desk.ts";
import { openJournal } from "./journal.ts";
import { createRunCapabilities } from "./run-capabilities.ts";

const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const { signal } = new AbortController();
const { manifest } = probePackage("");

const all = { ...manifest.capabilities, time: true, random: true, configuration: true };

const start = (http: HttpCapability | null = null, maxHostCalls = 10, granted = all) => {
  const lines: string[] = [];
  const journal = openJournal({
    runId: createRunId(),
    cryptlet: { id: cryptletIdSchema.parse("probe"), version: "1.0.0", measurement: DIGEST },
    trigger: { ...trigger(), parameters: null },
    seed: "0".repeat(64),
  });
  const clock = createManualClock(AT);
  const desk = createCallDesk({
    capabilities: createRunCapabilities(
      granted,
      {
        clock,
        mode: "LIVE",
        http,
        configuration: { region: "eu" },
        state: null,
        chains: null,
        cryptlets: null,
      },
      {
        logger: createGuestLogger(100, {}, ({ message }) => lines.push(message)),
        path: ["probe"],
        trigger: { id: "t", at: AT },
      },
    ).table,
    limits: limitsOf(manifest, { maxHostCalls }),
    clock,
    journal,
  });
  const ask = async (call: unknown, by = signal): Promise<HostAnswer> =>
    JSON.parse(await desk.answer(JSON.stringify(call), by)) as HostAnswer;
  const entries = () =>
    journal.close({ error: { code: "CRYPTLET_FAILED", arguments: {} } }, 0).entries;
  return { desk, ask, lines, entries };
};

const exchange = (reference: number, id: string): HttpExchange => ({
  answer: {
    ok: true,
    id,
    reference,
    mode: "LIVE",
    status: 200,
    headers: {},
    body: "{}",
    receivedAt: AT,
  },
  provenance: {
    reference,
    id,
    mode: "LIVE",
    requestDigest: DIGEST,
    tls: null,
    status: 200,
    responseDigest: DIGEST,
    receivedAt: AT,
  },
});

test("every answer is journaled as the text that the guest got", async () => {
  const { desk, ask, entries, lines } = start();
  await expect(ask({ op: "time.now" })).resolves.toEqual({ ok: AT });
  const random = await ask({ op: "random.bytes", length: 4 });
  expect(random).toEqual({ ok: expect.stringMatching(/^[0-9a-f]{8}$/) as string });
  await expect(ask({ op: "log", level: "info", message: "hello" })).resolves.toEqual({ ok: true });
  await expect(ask({ op: "log", level: "info", message: "x".repeat(99) })).resolves.toEqual({
    ok: false,
  });
  expect(lines).toEqual(["hello"]);
  expect(desk.calls).toBe(4);
  expect(entries()).toMatchObject([
    { seq: 1, op: "time.now", response: JSON.stringify({ ok: AT }) },
    { seq: 2, op: "random.bytes", response: JSON.stringify(random) },
    { seq: 3, op: "log" },
    { seq: 4, op: "log" },
  ]);
});

const request = (id: string) => ({ id, method: "GET", url: "https://a.example/" });

test("references count over the whole run and stay with the enclave", async () => {
  const http: HttpCapability = {
    all: async (requests, { nextReference }) =>
      requests.map(({ id }) => exchange(nextReference(), id)),
    close: async () => undefined,
  };
  const { desk, ask, entries } = start(http);
  await ask({ op: "http.all", requests: [request("a"), request("b")] });
  const { ok } = (await ask({ op: "http.all", requests: [request("c")] })) as { ok: unknown };
  expect(ok).toMatchObject([{ id: "c", reference: 3 }]);
  expect(desk.provenance.map(({ reference, id }) => [reference, id])).toEqual([
    [1, "a"],
    [2, "b"],
    [3, "c"],
  ]);
  expect(entries().map(({ provenance }) => provenance.length)).toEqual([2, 1]);
});

test("a wrong call costs itself only, whatever its text", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      const { desk } = start();
      const answer = JSON.parse(await desk.answer(text, signal)) as { error?: { code: string } };
      expect(answer.error?.code).toBe("HOST_CALL_INVALID");
    }),
  );
});

test.each([
  [{ op: "time.now", more: 1 }],
  [{ op: "random.bytes", length: 1_025 }],
  [{ op: "random.bytes", length: -1 }],
  [{ op: "log", level: "fatal", message: "" }],
  [{ op: "http.all", requests: [] }],
  [{ op: "http.all", requests: [{ id: "a", method: "DELETE", url: "https://a.example" }] }],
  [{ op: "http.all", requests: [{ id: "a", method: "GET", url: "https://a.example", tls: {} }] }],
  [{ op: "chain.read" }],
  [{ op: "time.now.v2" }],
  [{ op: "__proto__" }],
  [{ op: ["time.now"] }],
  [{ op: "random.bytes" }],
  [{ op: "random.bytes", length: "8" }],
  [{ op: "random.bytes", length: 1.5 }],
  [{ op: "http.all", requests: [{ ...request("a"), body: 7 }] }],
  [{ op: "http.all", requests: [{ ...request("a"), headers: { a: 1 } }] }],
  [{ op: "http.all", requests: [{ ...request("a"), auth: { kind: "basic" } }] }],
  [{ op: "http.all", requests: Array.from({ length: 65 }, () => request("a")) }],
  [{ op: "log", level: "info", message: "x".repeat(4_097) }],
  [{ op: "pure.sha256", text: "" }],
])("%j is no host call", async (call) => {
  const { ask } = start();
  await expect(ask(call)).resolves.toMatchObject({ error: { code: "HOST_CALL_INVALID" } });
});

test("what the manifest does not grant is refused under its name, and that is journaled", async () => {
  const nothing = { ...all, time: false, random: false, configuration: false };
  const { ask, entries } = start(null, 10, nothing);
  const calls: [string, object][] = [
    ["time", { op: "time.now" }],
    ["random", { op: "random.bytes", length: 1 }],
    ["configuration", { op: "configuration" }],
    ["http", { op: "http.all", requests: [request("a")] }],
  ];
  for (const [capability, call] of calls)
    await expect(ask(call)).resolves.toMatchObject({
      error: { code: "CAPABILITY_NOT_GRANTED", arguments: { capability } },
    });
  expect(entries().map(({ op }) => op)).toEqual(
    calls.map(([, call]) => (call as { op: string }).op),
  );
});

test("the configuration is what the host gave", async () => {
  await expect(start().ask({ op: "configuration" })).resolves.toEqual({ ok: { region: "eu" } });
});

test.each([
  ["half of a surrogate pair", '{"op":"log","level":"info","message":"\ud800"}'],
  [
    "endless nesting",
    `{"op":"call","id":"a","cryptlet":"a","feed":"a","parameters":${"[".repeat(4e5)}${"]".repeat(4e5)}}`,
  ],
  ["endless nesting and nothing else", "[".repeat(9e5)],
])("%s is refused and costs nobody else anything", async (_name, text) => {
  const { desk, ask } = start();
  expect(await desk.answer(text, signal)).toContain("HOST_CALL_INVALID");
  await expect(ask({ op: "time.now" })).resolves.toEqual({ ok: AT });
});

test("too large a call is not even parsed", async () => {
  const { desk } = start();
  const text = JSON.stringify({ op: "log", level: "info", message: "x".repeat(1_100_000) });
  expect(await desk.answer(text, signal)).toContain("HOST_CALL_INVALID");
});

test("too many calls end the run", async () => {
  const { ask } = start(null, 2);
  await ask({ op: "time.now" });
  await ask({ op: "wrong" });
  await expect(ask({ op: "time.now" })).rejects.toMatchObject({ code: "HOST_CALL_LIMIT" });
});

test("a capability's fault reaches the guest as a code; an aborted call reaches nobody", async () => {
  const controller = new AbortController();
  const http: HttpCapability = {
    all: async () => {
      throw fabricError("HTTP_SECRET_UNKNOWN", { name: "TOKEN" });
    },
    close: async () => undefined,
  };
  const call = {
    op: "http.all",
    requests: [{ id: "a", method: "GET", url: "https://a.example/" }],
  };
  await expect(start(http).ask(call)).resolves.toMatchObject({
    error: { code: "HTTP_SECRET_UNKNOWN" },
  });
  controller.abort(fabricError("RUN_DEADLINE", { limitMs: 1 }));
  await expect(start(http).ask(call, controller.signal)).rejects.toMatchObject({
    code: "RUN_DEADLINE",
  });
});
