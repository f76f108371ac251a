import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRunId } from "../../src/core/ids.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import {
  draft,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// A Cryptlet that does whatever its parameters say: calls, numbers, text and time, in any order.
const interpreter = handling(`
  const { parameters, at } = JSON.parse(text);
  const seen = parameters.map((step) => {
    if (typeof step === "string") return step.length + step.normalize();
    if (step === 0) return Math.random();
    if (step === 1) return __hostCall('{"op":"time.now"}');
    if (step === 2) return __hostCall('{"op":"random.bytes","length":5}');
    if (step === 3) return new Date().toISOString() + (Date.now() === at);
    if (step === 4) return __hostCall("not a call").length;
    return String(Math.sin(step) * Math.exp(step % 50));
  });
  const observation = ${JSON.stringify(draft())};
  observation.market.session = JSON.stringify(seen).slice(-64);
  return Promise.resolve().then(() => JSON.stringify({ ok: { observation } }));`);

let fixture: EnclaveFixture;
let probe: LoadedCryptlet;
beforeAll(async () => {
  fixture = await startEnclave();
  probe = await fixture.load(probePackage(interpreter));
});
afterAll(() => fixture.stop());

const steps = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 4 }),
    fc.double({ noNaN: true, min: 5, max: 1e6 }),
    fc.string(),
  ),
  { maxLength: 12 },
);

test("every run is the same again from its transcript", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 0, max: 4e12 }), async (parameters, at) => {
      const { transcript } = await probe.run(trigger({ parameters, at }), { runId: createRunId() });
      const report = await probe.replay(transcript);
      expect(report).toEqual({ same: true, differences: [], transcriptDigest: transcript.head });
    }),
    { numRuns: 60 },
  );
});

test("no transcript survives a change", async () => {
  const { transcript } = await probe.run(trigger({ parameters: [0, 1, 2, "text"] }), {
    runId: createRunId(),
  });
  const text = JSON.stringify(transcript);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 1),
      fc.integer({ min: 48, max: 57 }),
      async (at, digit) => {
        const changed = text.slice(0, at) + String.fromCharCode(digit) + text.slice(at + 1);
        if (changed === text) return;
        const parsed = parse(changed);
        if (parsed === undefined) return;
        await expect(probe.replay(parsed)).rejects.toMatchObject({ code: "TRANSCRIPT_INVALID" });
      },
    ),
    { numRuns: 150 },
  );
});

const parse = (text: string): undefined | Parameters<LoadedCryptlet["replay"]>[0] => {
  try {
    return JSON.parse(text) as Parameters<LoadedCryptlet["replay"]>[0];
  } catch {
    return undefined;
  }
};
