import { afterAll, beforeAll, expect, test } from "vitest";
import { createRunId } from "../../src/core/ids.ts";
import { answering, probePackage, startEnclave, trigger, type EnclaveFixture } from "../support/guest-fixture.ts";

let fixture: EnclaveFixture;
beforeAll(async () => {
  fixture = await startEnclave();
});
afterAll(() => fixture.stop());

test("a run gives the guest's draft with its transcript", async () => {
  const probe = await fixture.load(probePackage(answering()));
  const report = await probe.run(trigger(), { runId: createRunId() });
  const replayed = await probe.replay(report.transcript);
  expect(replayed.differences).toEqual([]);
  expect(replayed.transcriptDigest).toBe(report.transcriptDigest);
});
