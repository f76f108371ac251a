import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryState } from "../../enclave-sim/capabilities/state/memory-state.ts";
import type { StateBackend } from "../../enclave-sim/capabilities/state/state-backend.ts";
import type { LoadedCryptlet, LoadOptions, RunReport } from "../../enclave-sim/host/enclave.ts";
import { createRunId, cryptletIdSchema } from "../../src/core/ids.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { HostCall, Json, PureCall } from "../../src/sdk/abi.ts";
import type { ManifestInput } from "../../src/sdk/manifest.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  draft,
  FABRIC,
  FEED,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// Capabilities through the whole enclave: guest, wall, journal, signature, replay.

/** Does the calls that its parameters list and logs each answer; what `ok` of the last `reference` gives is its value. */
const caller = handling(`
  const { parameters } = JSON.parse(text);
  const observation = ${JSON.stringify(draft())};
  const ask = (call) => JSON.parse(__hostCall(JSON.stringify(call)));
  for (const call of parameters) {
    const answer = ask(call);
    ask({ op: "log", level: "info", message: JSON.stringify(answer) });
    if (answer.ok?.reference)
      observation.sources.push({ id: call.id, reference: answer.ok.reference, extracted: "2650.10", observedAt: null, outlier: false, error: null });
  }
  observation.aggregation.used = observation.sources.length || 1;
  return JSON.stringify({ ok: { observation } });`);

const CONTRACT = `0x${"c0".repeat(20)}`;
const manifest: Partial<ManifestInput> = {
  capabilities: {
    configuration: true,
    state: { maxBytes: 1_000, maxKeys: 8 },
    chains: [
      {
        chain: "local",
        chainId: 31_337,
        contracts: [{ address: CONTRACT, selectors: ["0x00000001"] }],
      },
    ],
    calls: [{ cryptlet: "helper", feeds: ["price"] }],
  },
};

let fixture: EnclaveFixture;
let backend: StateBackend;
let chainUrl: string;
beforeAll(async () => {
  backend = createMemoryState();
  fixture = await startEnclave({ state: backend });
  const chain = await startTestChain();
  // PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
  await chain.ask("anvil_setCode", CONTRACT, "0x602a5f5260205ff3");
  chainUrl = chain.url;
}, 60_000);
afterAll(() => fixture.stop());

type Call = HostCall | PureCall;
/** Feed of the probe for these parameters. */
const served = (parameters: Json, cryptlet = "probe"): LoadOptions["feeds"] => [
  {
    feed: FEED,
    cryptletFeed: "price",
    feedHash: computeFeedHash({
      fabric: FABRIC,
      cryptlet: cryptletIdSchema.parse(cryptlet),
      feed: FEED,
      parameters,
    }),
    parameters,
    validForMs: 60_000,
  },
];
const load = (parameters: Json, change: Partial<LoadOptions> = {}): Promise<LoadedCryptlet> =>
  fixture.load(probePackage(caller, manifest), {
    feeds: served(parameters),
    configuration: { region: "eu" },
    chains: [{ chain: "local", chainId: 31_337, endpoints: [chainUrl] }],
    ...change,
  });
/** A run, and the answers that it logged. */
const runWith = async (
  cryptlet: LoadedCryptlet,
  parameters: readonly Call[],
): Promise<{
  readonly report: RunReport;
  readonly answers: readonly { ok?: unknown; error?: { code: string } }[];
}> => {
  const runId = createRunId();
  const report = await cryptlet.run(trigger({ parameters: parameters as unknown as Json }), {
    runId,
  });
  const answers = fixture.log
    .filter((line) => line.runId === runId)
    .map(({ message }) => JSON.parse(message) as { ok?: unknown });
  return { report, answers };
};
let round = 0;
const sign = (cryptlet: LoadedCryptlet, { runId }: RunReport) => {
  round += 1;
  return cryptlet.sign({ runId, feed: FEED, round, epoch: 0, previous: null });
};
const chainRead: HostCall = {
  op: "chain.read",
  id: "answer",
  chain: "local",
  block: "latest",
  queries: [{ kind: "call", contract: CONTRACT, data: "0x00000001" }],
};

test("the host's configuration is what the Cryptlet gets", async () => {
  const calls: Call[] = [{ op: "configuration" }];
  const one = await load(calls as unknown as Json);
  const { answers } = await runWith(one, calls);
  expect(answers).toEqual([{ ok: { region: "eu" } }]);
  await one.close();
});

test("pure functions are answered, cost fuel and stand in no journal", async () => {
  const calls: Call[] = [
    { op: "pure.keccak256", text: "" },
    { op: "pure.encode", to: "text", hex: "68c3a9" },
    { op: "pure.verify", suite: "ed25519", publicKey: "00", signature: "", text: "" },
    { op: "pure.sha256", hex: "XX" },
  ];
  const cryptlet = await load(calls as unknown as Json);
  const { report, answers } = await runWith(cryptlet, calls);
  expect(answers).toMatchObject([
    { ok: "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" },
    { ok: "hé" },
    { ok: false },
    { error: { code: "HOST_CALL_INVALID" } },
  ]);
  expect(report.receipt.calls).toBe(calls.length);
  expect(report.receipt.fuel).toBeGreaterThan(13);
  expect((await cryptlet.replay(report.transcript)).same).toBe(true);
  await cryptlet.close();
});

describe("state", () => {
  const put = (key: string, value: string): Call => ({ op: "state.put", key, value });
  const get = (key: string): Call => ({ op: "state.get", key });
  const read = chainRead;

  test("is applied when the run is signed, sealed where the host sees it, and there after a restart", async () => {
    const calls: Call[] = [get("n"), put("n", "one-secret-number"), get("n"), read];
    const cryptlet = await load(calls as unknown as Json);
    const first = await runWith(cryptlet, calls);
    expect(first.answers.slice(0, 3)).toEqual([
      { ok: null },
      { ok: null },
      { ok: "one-secret-number" },
    ]);
    const unsigned = await runWith(cryptlet, calls);
    expect(unsigned.answers[0]).toEqual({ ok: null });
    await sign(cryptlet, first.report);
    const after = await runWith(cryptlet, calls);
    expect(after.answers[0]).toEqual({ ok: "one-secret-number" });
    await cryptlet.close();
    const again = await load(calls as unknown as Json);
    expect((await runWith(again, calls)).answers[0]).toEqual({ ok: "one-secret-number" });
    expect((await again.replay(first.report.transcript)).same).toBe(true);
    await again.close();
  });

  test("of two runs that saw the same state one is signed", async () => {
    const calls: Call[] = [get("race"), put("race", `${Math.random()}`), read];
    const cryptlet = await load(calls as unknown as Json);
    const [one, other] = [await runWith(cryptlet, calls), await runWith(cryptlet, calls)];
    await sign(cryptlet, one.report);
    await expect(sign(cryptlet, other.report)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    await cryptlet.close();
  });

  test("changes once, however often and for however many requests the run is signed", async () => {
    const calls: Call[] = [put("twice", `${Math.random()}`), read];
    const cryptlet = await load(calls as unknown as Json);
    const { report } = await runWith(cryptlet, calls);
    round += 1;
    const request = { runId: report.runId, feed: FEED, round, epoch: 0, previous: null };
    const both = await Promise.all([cryptlet.sign(request), cryptlet.sign(request)]);
    expect(both[0]).toEqual(both[1]);
    await cryptlet.close();
  });

  test("a run that is refused changes nothing", async () => {
    const calls: Call[] = [put("refused", "x")];
    const cryptlet = await load(calls as unknown as Json);
    const { report } = await runWith(cryptlet, calls);
    await expect(sign(cryptlet, report)).rejects.toMatchObject({ code: "OBSERVATION_REFUSED" });
    const { answers } = await runWith(cryptlet, [get("refused")]);
    expect(answers).toEqual([{ ok: null }]);
    await cryptlet.close();
  });

  test("that the host changed ends the run; one that it does not give is unavailable", async () => {
    const calls: Call[] = [get("n")];
    const hosts: readonly [StateBackend, string][] = [
      [
        { ...backend, read: async () => ({ version: 1, body: new Uint8Array(9) }) },
        "STATE_REFUSED",
      ],
    ];
    for (const [state, code] of hosts) {
      const other = await startEnclave({ state });
      const cryptlet = await other.load(probePackage(caller, manifest), { feeds: served(null) });
      await expect(
        cryptlet.run(trigger({ parameters: calls as unknown as Json }), { runId: createRunId() }),
      ).rejects.toMatchObject({ code });
      await other.stop();
    }
    const without = await startEnclave();
    const cryptlet = await without.load(probePackage(caller, manifest), { feeds: served(null) });
    await cryptlet.run(trigger({ parameters: calls as unknown as Json }), { runId: createRunId() });
    expect(without.log[0]?.message).toContain("STATE_UNAVAILABLE");
    await without.stop();
  });
});

test("what a chain said is signed with block and quorum in the record, and replays without the chain", async () => {
  const calls: Call[] = [chainRead];
  const cryptlet = await load(calls as unknown as Json);
  const { report, answers } = await runWith(cryptlet, calls);
  expect(answers).toMatchObject([
    {
      ok: {
        chain: "local",
        chainId: 31_337,
        results: [{ ok: true, data: `0x${"2a".padStart(64, "0")}` }],
      },
    },
  ]);
  const [seen] = report.provenance;
  expect(seen?.chain).toMatchObject({ name: "local", chainId: 31_337, agreed: 1, asked: 1 });
  const { observation } = await sign(cryptlet, report);
  expect(observation.sources).toMatchObject([
    {
      id: "answer",
      requestDigest: seen?.requestDigest,
      responseDigest: seen?.responseDigest,
      tls: null,
    },
  ]);
  await cryptlet.close();
  const away = await load(calls as unknown as Json, { chains: [] });
  expect((await away.replay(report.transcript)).same).toBe(true);
  await away.close();
});

test("without the capability every call is refused under its own name", async () => {
  const calls: Call[] = [
    { op: "configuration" },
    { op: "state.get", key: "a" },
    { op: "state.list", prefix: "", after: null, limit: 1 },
    chainRead,
    { op: "call", id: "x", cryptlet: "helper", feed: "price", parameters: null },
    { op: "time.now" },
    { op: "random.bytes", length: 1 },
    { op: "http.all", requests: [{ id: "a", method: "GET", url: "https://a.example/" }] },
  ];
  const bare = await fixture.load(probePackage(caller, { capabilities: {} }), { feeds: [] });
  const { answers } = await runWith(bare, calls);
  expect(answers.map(({ error }) => error?.code)).toEqual(
    calls.map(() => "CAPABILITY_NOT_GRANTED"),
  );
  await bare.close();
});

describe("a call", () => {
  const helperManifest: Partial<ManifestInput> = { id: "helper", capabilities: {} };
  const call: Call = { op: "call", id: "help", cryptlet: "helper", feed: "price", parameters: [] };
  const helper = (body?: string, change: Partial<ManifestInput> = {}) =>
    fixture.load(
      probePackage(body === undefined ? caller : handling(body), { ...helperManifest, ...change }),
      { feeds: [] },
    );

  test("gives the callee's observation, and the record names the callee's code and run", async () => {
    const calls: Call[] = [{ ...call, parameters: [chainRead] as unknown as Json }];
    const {
      state: _state,
      calls: _calls,
      configuration: _none,
      ...chains
    } = manifest.capabilities ?? {};
    const callee = await fixture.load(
      probePackage(caller, { id: "helper", capabilities: chains }),
      { feeds: [], chains: [{ chain: "local", chainId: 31_337, endpoints: [chainUrl] }] },
    );
    const cryptlet = await load(calls as unknown as Json);
    const { report, answers } = await runWith(cryptlet, calls);
    expect(answers[0]?.ok).toMatchObject({
      cryptlet: { id: "helper", measurement: callee.measurement },
      observation: { feed: "price", sources: [{ id: "answer" }] },
    });
    expect(report.called).toHaveLength(1);
    const [called] = report.called;
    expect(report.provenance[0]?.call).toMatchObject({
      cryptlet: "helper",
      measurement: callee.measurement,
      transcriptDigest: called && "head" in called ? called.head : undefined,
    });
    if (called) expect((await callee.replay(called)).same).toBe(true);
    const { observation } = await sign(cryptlet, report);
    expect(observation.sources).toMatchObject([{ id: "help" }]);
    expect((await cryptlet.replay(report.transcript)).same).toBe(true);
    await Promise.all([cryptlet.close(), callee.close()]);
  });

  test("to nobody, to another feed, and back to the caller is refused", async () => {
    const calls: Call[] = [call];
    const cryptlet = await load(calls as unknown as Json);
    expect((await runWith(cryptlet, calls)).answers).toMatchObject([
      { error: { code: "CALL_REFUSED" } },
    ]);
    const loop = await helper(undefined, {
      capabilities: { calls: [{ cryptlet: "probe", feeds: ["price"] }] },
    });
    const back: Call = { op: "call", id: "back", cryptlet: "probe", feed: "price", parameters: [] };
    const { answers } = await runWith(cryptlet, [
      { ...call, parameters: [back] as unknown as Json },
    ]);
    // The callee goes on without an answer and has no source, so the caller gets nothing from it.
    expect(answers).toMatchObject([{ error: { code: "CALL_FAILED" } }]);
    expect(
      fixture.log.some(
        ({ cryptlet: id, message }) => id === "helper" && message.includes("CALL_REFUSED"),
      ),
    ).toBe(true);
    await Promise.all([cryptlet.close(), loop.close()]);
  });

  test.each([
    ["throws", `throw new Error("a secret of the helper")`, "GUEST_THREW"],
    [
      "answers another feed",
      `return JSON.stringify({ ok: { observation: ${JSON.stringify(draft({ feed: "record" }))} } })`,
      "OBSERVATION_REFUSED",
    ],
    [
      "has no source for its value",
      `return JSON.stringify({ ok: { observation: ${JSON.stringify(draft())} } })`,
      "OBSERVATION_REFUSED",
    ],
    ["answers what is no outcome", `return "{}"`, "GUEST_ANSWER_INVALID"],
  ])("of a Cryptlet that %s gives its code and no word of it", async (_name, body, code) => {
    const calls: Call[] = [call];
    const [cryptlet, callee] = [await load(calls as unknown as Json), await helper(body)];
    const { answers } = await runWith(cryptlet, calls);
    expect(answers).toMatchObject([{ error: { code: "CALL_FAILED", arguments: { code } } }]);
    expect(JSON.stringify(answers)).not.toContain("secret of the helper");
    await Promise.all([cryptlet.close(), callee.close()]);
  });

  test("of a Cryptlet that never ends takes the caller's time and no more", async () => {
    const calls: Call[] = [call];
    const callee = await helper("for (;;);");
    const cryptlet = await load(calls as unknown as Json, { limits: { timeoutMs: 400 } });
    await expect(
      cryptlet.run(trigger({ parameters: calls as unknown as Json }), { runId: createRunId() }),
    ).rejects.toMatchObject({ code: "RUN_DEADLINE" });
    // The caller does not wait until the callee's engine has heard that it is over.
    const countsOf = async () =>
      (await fixture.enclave.stats()).cryptlets.find(({ id }) => id === "helper");
    await expect.poll(countsOf).toMatchObject({ runs: 1, failures: 1 });
    await Promise.all([cryptlet.close(), callee.close()]);
  });

  test("does not spend a secret, state or configuration on what its host did not configure", async () => {
    const calls: Call[] = [call];
    const cryptlet = await load(calls as unknown as Json);
    const entrusted = { id: "helper", capabilities: { configuration: true } } as const;
    const closed = await fixture.load(probePackage(caller, entrusted), { feeds: [] });
    expect((await runWith(cryptlet, calls)).answers).toMatchObject([
      { error: { code: "CALL_REFUSED" } },
    ]);
    await closed.close();
    const open = await fixture.load(probePackage(caller, entrusted), {
      feeds: served([], "helper"),
    });
    // Now it runs; that it has no source for its value is another matter.
    expect((await runWith(cryptlet, calls)).answers).toMatchObject([
      { error: { code: "CALL_FAILED", arguments: { code: "OBSERVATION_REFUSED" } } },
    ]);
    await Promise.all([cryptlet.close(), open.close()]);
  });

  test("reads the callee's state and does not change it", async () => {
    const asked = [{ op: "state.put", key: "a", value: "1" }, chainRead] as unknown as Json;
    const calls: Call[] = [{ ...call, parameters: asked }];
    const cryptlet = await load(calls as unknown as Json);
    const callee = await fixture.load(
      probePackage(caller, {
        ...manifest,
        id: "helper",
        capabilities: { ...manifest.capabilities, calls: [] },
      }),
      {
        feeds: served(asked, "helper"),
        chains: [{ chain: "local", chainId: 31_337, endpoints: [chainUrl] }],
      },
    );
    const { report, answers } = await runWith(cryptlet, calls);
    expect(answers[0]?.ok).toBeDefined();
    expect(
      fixture.log.some(
        ({ cryptlet: id, message }) => id === "helper" && message.includes("STATE_READ_ONLY"),
      ),
    ).toBe(true);
    await sign(cryptlet, report);
    await Promise.all([cryptlet.close(), callee.close()]);
  });
});
