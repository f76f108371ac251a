import { afterAll, beforeAll, expect, test } from "vitest";
import { openTranscript } from "../../enclave-sim/host/seal-transcript.ts";
import type { LoadOptions } from "../../enclave-sim/host/enclave.ts";
import {
  isSealedTranscript,
  type RecordedTranscript,
} from "../../enclave-sim/protocol/sealed-transcript.ts";
import { createRunId } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import {
  draft,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";
import { plainTranscript } from "../support/plain-transcript.ts";

const PRIVATE = "nobody else's business";
const auditor = generateX25519();
const policy = (seal: "private" | "always"): Pick<Required<LoadOptions>, "transcripts"> => ({
  transcripts: { seal, auditors: [bytesToHex(x25519PublicKey(auditor))] },
});
/** Ends well or with a refusal, as its parameters say, after it told its log a private thing. */
const probe = probePackage(
  handling(`
  const { parameters, feed } = JSON.parse(text);
  __hostCall(JSON.stringify({ op: "log", level: "info", message: ${JSON.stringify(PRIVATE)} }));
  if (parameters === "refuse") return JSON.stringify({ error: { code: "CRYPTLET_FAILED", arguments: { reason: "asked to" } } });
  if (parameters === "throw") throw new Error("on purpose");
  const outcome = ${JSON.stringify({ ok: { observation: draft() } })};
  outcome.ok.observation.feed = feed;
  return JSON.stringify(outcome);`),
);

let fixture: EnclaveFixture;
beforeAll(async () => {
  fixture = await startEnclave();
});
afterAll(() => fixture.stop());

const sealed = (recorded: RecordedTranscript | null) => {
  if (recorded === null || !isSealedTranscript(recorded)) throw new Error("it is not sealed");
  expect(JSON.stringify(recorded)).not.toContain(PRIVATE);
  return recorded;
};

test("a run without private data leaves a plain transcript", async () => {
  const loaded = await fixture.load(probe, policy("private"));
  const { transcript } = await loaded.run(trigger(), { runId: createRunId() });
  expect(plainTranscript(transcript).entries).toHaveLength(1);
});

test("a record's transcript leaves the enclave sealed; enclave and auditor open it and replay it", async () => {
  const loaded = await fixture.load(probe, policy("private"));
  const { transcript, transcriptDigest } = await loaded.run(trigger({ feed: "record" }), {
    runId: createRunId(),
  });
  const recorded = sealed(transcript);
  expect(recorded.head).toBe(transcriptDigest);
  expect(await loaded.replay(recorded)).toEqual({ same: true, differences: [], transcriptDigest });
  const opened = await openTranscript(recorded, auditor);
  expect(JSON.stringify(opened)).toContain(PRIVATE);
  expect(await loaded.replay(opened)).toMatchObject({ same: true });
});

test("another enclave's, a stranger's or a changed one is refused by code", async () => {
  const loaded = await fixture.load(probe, policy("always"));
  const { transcript } = await loaded.run(trigger(), { runId: createRunId() });
  const recorded = sealed(transcript);
  const elsewhere = await startEnclave();
  try {
    const other = await elsewhere.load(probe);
    await expect(other.replay(recorded)).rejects.toMatchObject({ code: "TRANSCRIPT_SEALED" });
  } finally {
    await elsewhere.stop();
  }
  await expect(openTranscript(recorded, generateX25519())).rejects.toMatchObject({
    code: "TRANSCRIPT_SEALED",
  });
  const changed = { ...recorded, runId: createRunId() };
  await expect(loaded.replay(changed)).rejects.toMatchObject({ code: "TRANSCRIPT_INVALID" });
});

test.each(["refuse", "throw"])(
  "a run that fails (%s) is recorded too, and fails again alike",
  async (parameters) => {
    const loaded = await fixture.load(probe, policy("private"));
    const runId = createRunId();
    await expect(loaded.run(trigger({ parameters }), { runId })).rejects.toMatchObject({
      code: expect.any(String) as string,
    });
    const recorded = plainTranscript(await loaded.failedTranscript(runId));
    expect(recorded.runId).toBe(runId);
    expect(await loaded.replay(recorded)).toMatchObject({ same: true });
    expect(await loaded.failedTranscript(createRunId())).toBeNull();
  },
);

test("the failure of a record's run is recorded sealed", async () => {
  const loaded = await fixture.load(probe, policy("private"));
  const runId = createRunId();
  const failing = loaded.run(trigger({ feed: "record", parameters: "refuse" }), { runId });
  await expect(failing).rejects.toMatchObject({ code: "CRYPTLET_FAILED" });
  sealed(await loaded.failedTranscript(runId));
});
