import { plainTranscript } from "../support/plain-transcript.ts";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseEvidenceDocument } from "../../src/attestation/evidence-document.ts";
import { createRunId, type FabricId } from "../../src/core/ids.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { verifyEnvelope } from "../../src/envelope/dsse-verify.ts";
import { createKeyRing } from "../../src/envelope/key-ring.ts";
import { parseObservation } from "../../src/envelope/observation-json.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { decodeOnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { LoadedCryptlet, LoadOptions } from "../../enclave-sim/host/enclave.ts";
import {
  answering,
  draft,
  FEED,
  fetchingPackage,
  handling,
  probePackage,
  probeOptions,
  RECORD_FEED,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

let fixture: EnclaveFixture;
let emulator: ProviderEmulator;
let sources: LoadOptions["sources"];
beforeAll(async () => {
  fixture = await startEnclave();
  emulator = await startProviderEmulator({ seed: "enclave", maxStepPpm: 0 });
  const { address, port, caPem } = emulator;
  sources = { mode: "emulated", address, port, caPem, allowPrivateAddresses: true };
});
afterAll(async () => {
  await fixture.stop();
  await emulator.close();
});

const runOf = async (cryptlet: LoadedCryptlet) => cryptlet.run(trigger(), { runId: createRunId() });
const requestFor = (runId: ReturnType<typeof createRunId>, round: number) => ({
  runId,
  feed: FEED,
  round,
  epoch: 0,
  previous: null,
});

describe("a run", () => {
  test("gives the draft with its transcript, and the same again from the transcript alone", async () => {
    const body = `
      const ask = (call) => JSON.parse(__hostCall(JSON.stringify(call))).ok;
      const facts = [ask({ op: "time.now" }), ask({ op: "random.bytes", length: 8 }), Math.random(), Date.now(), new Date().getTimezoneOffset()];
      ask({ op: "log", level: "info", message: "facts" });
      const outcome = ${JSON.stringify({ ok: { observation: draft() } })};
      outcome.ok.observation.market.session = facts.slice(1, 3).join("/");
      return Promise.resolve(JSON.stringify(outcome));`;
    const probe = await fixture.load(probePackage(handling(body)));
    const [first, second] = [await runOf(probe), await runOf(probe)];
    expect(first.receipt).toMatchObject({ calls: 3, wall: "none", attestation: "simulated" });
    expect(plainTranscript(first.transcript).entries.map(({ op }) => op)).toEqual([
      "time.now",
      "random.bytes",
      "log",
    ]);
    expect(first.observation.market.session).not.toBe(second.observation.market.session);
    await expect(probe.replay(first.transcript)).resolves.toEqual({
      same: true,
      differences: [],
      transcriptDigest: first.transcriptDigest,
    });
  });

  test("sees the trigger's time, the same random numbers never twice, and no state of an earlier run", async () => {
    const body = `
      const seen = [globalThis.left ?? null, Date.now(), Math.random(), Math.random()];
      globalThis.left = 1;
      throw JSON.stringify(seen);`;
    const probe = await fixture.load(probePackage(handling(body)));
    const facts: unknown[][] = [];
    for (const at of [1_000, 1_000]) {
      const refused: unknown = await probe
        .run(trigger({ at }), { runId: createRunId() })
        .catch((error: unknown) => error);
      facts.push(
        JSON.parse((refused as { arguments: { reason: string } }).arguments.reason) as unknown[],
      );
    }
    for (const [left, now] of facts) expect([left, now]).toEqual([null, 1_000]);
    expect(new Set(facts.flatMap((fact) => fact.slice(2))).size).toBe(4);
  });

  test("is ended by its caller and leaves the guest usable", async () => {
    const body = `if (JSON.parse(text).id === "slow") for (;;); return ${JSON.stringify(JSON.stringify({ ok: { observation: draft() } }))}`;
    const probe = await fixture.load(probePackage(handling(body)));
    const controller = new AbortController();
    const slow = probe.run(trigger({ id: "slow" }), {
      runId: createRunId(),
      signal: controller.signal,
    });
    const waiting = runOf(probe);
    controller.abort();
    await expect(slow).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect(waiting).resolves.toMatchObject({ observation: draft() });
  });

  test("is refused a capability that the manifest does not grant", async () => {
    const calls = [
      { op: "http.all", requests: [{ id: "a", method: "GET", url: "https://a.example/" }] },
      { op: "time.now" },
      { op: "random.bytes", length: 4 },
    ];
    const body = `throw ${JSON.stringify(calls)}.map((call) => JSON.parse(__hostCall(JSON.stringify(call))).error.code).join()`;
    const probe = await fixture.load(probePackage(handling(body), { capabilities: {} }));
    await expect(runOf(probe)).rejects.toMatchObject({
      arguments: { reason: Array(3).fill("CAPABILITY_NOT_GRANTED").join() },
    });
  });

  test("logs bounded lines without secrets and control characters", async () => {
    const messages = ["the token is s3cret-value", "two\nlines \u001b[31m", "x".repeat(4_000)];
    const body = `for (const message of ${JSON.stringify(messages)}) __hostCall(JSON.stringify({ op: "log", level: "warn", message })); throw 1`;
    const probe = await fixture.load(probePackage(handling(body), { id: "logger" }), {
      secrets: { API_TOKEN: "s3cret-value" },
      limits: { maxLogCharacters: 4_010 },
      feeds: [],
    });
    await expect(runOf(probe)).rejects.toHaveProperty("code");
    const lines = fixture.log.filter(({ cryptlet }) => cryptlet === "logger");
    expect(lines.map(({ message }) => message)).toEqual([
      "the token is [secret:API_TOKEN]",
      "two lines  [31m",
    ]);
  });

  test("does not wait for another one of the same Cryptlet, up to a bound", async () => {
    const probe = await fixture.load(fetchingPackage({ version: "1.2.4" }), { sources });
    const reports = await Promise.all(Array.from({ length: 12 }, async () => runOf(probe)));
    for (const report of reports) {
      expect(report.provenance.map(({ reference }) => reference)).toEqual([1]);
      await expect(probe.replay(report.transcript)).resolves.toMatchObject({ same: true });
    }
    const { cryptlets } = await fixture.enclave.stats();
    const own = cryptlets.find(({ measurement }) => measurement === probe.measurement);
    expect(own).toMatchObject({ runs: 12, failures: 0 });
    expect(own?.guestStarts).toBeLessThanOrEqual(4);
  });

  test("of what cannot be sent to the enclave is refused with a code", async () => {
    const probe = await fixture.load(probePackage(answering()));
    const parameters = (() => 1) as unknown as null;
    await expect(
      probe.run(trigger({ parameters }), { runId: createRunId() }),
    ).rejects.toMatchObject({ code: "ENCLAVE_MESSAGE_INVALID" });
    await expect(probe.run(trigger({ at: -1 }), { runId: createRunId() })).rejects.toMatchObject({
      code: "ENCLAVE_MESSAGE_INVALID",
    });
  });

  test("with another's transcript or a changed one is no replay", async () => {
    const [probe, other] = [
      await fixture.load(probePackage(answering())),
      await fixture.load(probePackage(answering(draft({ observedAt: 5 })))),
    ];
    const { transcript } = await runOf(probe);
    const refused = { code: "TRANSCRIPT_INVALID" };
    await expect(other.replay(transcript)).rejects.toMatchObject(refused);
    await expect(probe.replay({ ...transcript, fuel: 9 })).rejects.toMatchObject(refused);
    await expect(probe.replay({ ...transcript, seed: "0".repeat(64) })).rejects.toMatchObject(
      refused,
    );
  });
});

describe("a signature", () => {
  test("covers what the guest read and what the enclave saw, in both forms", async () => {
    const probe = await fixture.load(fetchingPackage(), { sources });
    const report = await runOf(probe);
    const request = requestFor(report.runId, 1);
    const signed = await probe.sign(request);
    const ring = createKeyRing(probe.keys);
    const json = verifyEnvelope(signed.envelope, {
      ring,
      threshold: 1,
      payloadType: OBSERVATION_TYPE,
    });
    const statement = parseObservation(json.payload);
    expect(statement).toEqual(signed.observation);
    expect(statement.sources).toMatchObject([
      { id: "gold-api", mode: "EMULATED", status: 200, tls: { protocol: "TLSv1.3" }, error: null },
    ]);
    expect(statement.sources[0]?.responseDigest).toBe(report.provenance[0]?.responseDigest);
    expect(statement.cryptlet.measurement).toBe(probe.measurement);
    expect(statement.run.transcriptDigest).toBe(report.transcriptDigest);
    if (!signed.onchain) throw new Error("a decimal has an on-chain form");
    const onchain = verifyEnvelope(signed.onchain, {
      ring,
      threshold: 1,
      payloadType: OBSERVATION_SOLABI_TYPE,
    });
    expect(decodeOnchainObservation(onchain.payload)).toMatchObject({
      round: 1,
      feedHash: statement.subject.feedHash,
    });
    await expect(probe.replay(report.transcript)).resolves.toMatchObject({ same: true });
    // The very same request again is the very same answer; anything else about round 1 is not said.
    await expect(probe.sign(request)).resolves.toEqual(signed);
    const other = await runOf(probe);
    for (const wrong of [
      requestFor(other.runId, 1),
      { ...request, epoch: 1 },
      { ...request, previous: signed.envelopeDigest },
      requestFor(report.runId, 2),
    ])
      await expect(probe.sign(wrong)).rejects.toMatchObject({ code: "ROUND_EQUIVOCATION" });
    const next = { ...requestFor(other.runId, 5), previous: signed.envelopeDigest };
    await expect(probe.sign(next)).resolves.toMatchObject({ observation: { previous: {} } });
    await expect(probe.sign(request)).rejects.toMatchObject({ code: "ROUND_EQUIVOCATION" });
  });

  test("is refused for what no answer of the run gave, unknown runs and feeds", async () => {
    const inventing = draft({
      sources: [
        { id: "x", reference: 1, extracted: "1", observedAt: null, outlier: false, error: null },
      ],
    });
    const probe = await fixture.load(probePackage(answering(inventing)));
    const { runId } = await runOf(probe);
    const codes = await Promise.all(
      [
        requestFor(runId, 1),
        requestFor(createRunId(), 1),
        { ...requestFor(runId, 1), feed: "other" as typeof FEED },
      ].map((request) => probe.sign(request).catch((error: { code: string }) => error.code)),
    );
    expect(codes).toEqual(["OBSERVATION_REFUSED", "RUN_UNKNOWN", "FEED_NOT_SERVED"]);
    await expect(probe.sign({ ...requestFor(runId, 1), feed: RECORD_FEED })).rejects.toMatchObject({
      code: "OBSERVATION_REFUSED",
    });
  });

  test("is not made for a run whose id was used before", async () => {
    const probe = await fixture.load(probePackage(answering()));
    const { runId } = await runOf(probe);
    await expect(probe.run(trigger(), { runId })).rejects.toMatchObject({ code: "RUN_ID_USED" });
  });
});

describe("loading", () => {
  test("refuses a feed that could never be signed", async () => {
    const { feeds } = fixture.options();
    const cryptlet = probePackage(answering());
    const [served] = feeds;
    if (!served) throw new Error("the fixture serves feeds");
    await expect(
      fixture.load(cryptlet, { feeds: [{ ...served, cryptletFeed: "none" }] }),
    ).rejects.toMatchObject({ code: "FEED_NOT_DECLARED" });
    await expect(
      fixture.load(cryptlet, { fabric: "another-fabric" as FabricId }),
    ).rejects.toMatchObject({ code: "OBSERVATION_REFUSED" });
  });

  test("measures the bytes that run: equal bytes are equal, anything else is not", async () => {
    const measure = async (...parameters: Parameters<typeof probePackage>) =>
      (await fixture.load(probePackage(...parameters))).measurement;
    const [first, again, otherCode, otherManifest] = [
      await measure(answering()),
      await measure(answering()),
      await measure(`${answering()} `),
      await measure(answering(), { description: "another" }),
    ];
    expect(again).toBe(first);
    expect(new Set([first, otherCode, otherManifest]).size).toBe(3);
    const limited = await fixture.load(probePackage(answering()), {
      limits: { timeoutMs: 100, memoryBytes: 8_388_608 },
    });
    expect(limited.measurement).toBe(first);
  });

  test("keeps the keys over restarts, on disk for the owner only and never in the clear", async () => {
    const cryptlet = probePackage(answering());
    const first = await fixture.load(cryptlet);
    const restarted = createEnclave();
    const second = await restarted.load(cryptlet, probeOptions(fixture.sealDirectory));
    await restarted.close();
    expect(second.keys).toEqual(first.keys);
    expect(second.platformRoot).toEqual(first.platformRoot);
    expect(parseEvidenceDocument(second.evidence).keys).toEqual(first.keys);
    for (const name of await readdir(fixture.sealDirectory)) {
      const { mode } = await stat(path.join(fixture.sealDirectory, name));
      expect(mode & 0o077).toBe(0);
    }
  });

  test("does not open another measurement's keys", async () => {
    const other = await startEnclave();
    const [first, second] = [probePackage(answering()), probePackage(`${answering()};`)];
    const [a, b] = [await other.load(first), await other.load(second)];
    const fileOf = ({ measurement }: LoadedCryptlet) =>
      path.join(other.sealDirectory, `${measurement.slice("sha256:".length)}.debug.0.sealed`);
    await writeFile(fileOf(b), await readFile(fileOf(a)));
    await expect(other.load(second)).rejects.toMatchObject({ code: "SEAL_REFUSED" });
    await expect(other.load(first)).resolves.toMatchObject({ keys: a.keys });
    await other.stop();
  });
});

describe("closing", () => {
  test("ends what is under way with a code and answers nothing afterwards", async () => {
    const short = await startEnclave();
    const probe = await short.load(probePackage(handling("for (;;);")));
    const running = runOf(probe).catch((error: unknown) => error);
    await Promise.all([short.enclave.close(), short.enclave.close()]);
    expect(await running).toHaveProperty("code");
    await expect(runOf(probe)).rejects.toMatchObject({ code: "ENCLAVE_CLOSED" });
    await expect(short.enclave.stats()).rejects.toMatchObject({ code: "ENCLAVE_CLOSED" });
    await probe.close();
    await short.stop();
  });

  test("of one Cryptlet leaves the others", async () => {
    const [gone, stays] = [
      await fixture.load(probePackage(answering())),
      await fixture.load(probePackage(answering())),
    ];
    await gone.close();
    await expect(runOf(gone)).rejects.toMatchObject({ code: "CRYPTLET_CLOSED" });
    await expect(runOf(stays)).resolves.toMatchObject({ observation: draft() });
  });
});
