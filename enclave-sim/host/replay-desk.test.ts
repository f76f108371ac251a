import { expect, test } from "vitest";
import { createRunId, cryptletIdSchema, digestSchema } from "../../src/core/ids.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { draft, trigger } from "../../test/support/guest-fixture.ts";
import type { Transcript } from "../protocol/transcript.ts";
import { findChainFault, openJournal } from "./journal.ts";
import { createReplayDesk } from "./replay-desk.ts";

const outcome: Transcript["outcome"] = {
  ok: {
    observation: { ...draft(), sources: [], value: { kind: "record", fields: {} } },
  },
};
const record = (end: Transcript["outcome"] = outcome): Transcript => {
  const journal = openJournal({
    runId: createRunId(),
    cryptlet: {
      id: cryptletIdSchema.parse("probe"),
      version: "1.0.0",
      measurement: digestSchema.parse(`sha256:${"ab".repeat(32)}`),
    },
    trigger: { ...trigger(), parameters: null },
    seed: "0".repeat(64),
  });
  journal.append({ op: "time.now", request: "q1", response: "a1", provenance: [] });
  journal.append({ op: "time.now", request: "q2", response: "a2", provenance: [] });
  return journal.close(end, 5);
};

test("the same questions get the same answers and end in the same digest", async () => {
  const transcript = record();
  expect(findChainFault(transcript)).toBeNull();
  const desk = createReplayDesk(transcript);
  expect([await desk.answer("q1"), await desk.answer("q2")]).toEqual(["a1", "a2"]);
  expect(desk.compare(outcome, 5)).toEqual({
    same: true,
    differences: [],
    transcriptDigest: transcript.head,
  });
});

test("another question, and one more, end the run and are named", async () => {
  const another = createReplayDesk(record());
  const refusal: unknown = await another.answer("q2").catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "TRANSCRIPT_INVALID" });
  expect(another.failed(refusal)).toMatchObject({
    same: false,
    differences: [{ where: "call 1", path: "", recorded: '"q1"', replayed: '"q2"' }],
  });
  const more = createReplayDesk(record());
  await more.answer("q1");
  await more.answer("q2");
  await expect(more.answer("q3")).rejects.toMatchObject({ code: "TRANSCRIPT_INVALID" });
  expect(more.failed(new Error("x")).differences).toEqual([
    { where: "call 3", path: "", recorded: null, replayed: '"q3"' },
  ]);
});

test("fewer questions, another outcome and other fuel are all named", async () => {
  const transcript = record();
  const desk = createReplayDesk(transcript);
  await desk.answer("q1");
  const other: Transcript["outcome"] = {
    error: { code: "TOO_FEW_SOURCES", arguments: {} },
  };
  const report = desk.compare(other, 6);
  expect(report.same).toBe(false);
  expect(report.differences).toEqual([
    { where: "call 2", path: "", recorded: '"q2"', replayed: null },
    expect.objectContaining({ where: "outcome", path: "ok", replayed: null }),
    {
      where: "outcome",
      path: "error",
      recorded: null,
      replayed: '{"code":"TOO_FEW_SOURCES","arguments":{}}',
    },
    { where: "fuel", path: "", recorded: "5", replayed: "6" },
  ]);
  expect(report.transcriptDigest).not.toBe(transcript.head);
});

test("a run that fails for a reason of its own says by which code", () => {
  const desk = createReplayDesk(record());
  expect(desk.failed(fabricError("RUN_STACK", {})).differences).toEqual([
    { where: "call 1", path: "", recorded: '"q1"', replayed: null },
    { where: "run", path: "", recorded: '"an outcome"', replayed: '"RUN_STACK"' },
  ]);
});

test("a recorded failure is the same when it fails again by the same code", async () => {
  const ended = record({ ended: { code: "RUN_STACK", arguments: {} } });
  const desk = createReplayDesk(ended);
  await desk.answer("q1");
  await desk.answer("q2");
  expect(desk.failed(fabricError("RUN_STACK", {}))).toEqual({
    same: true,
    differences: [],
    transcriptDigest: ended.head,
  });
  const other = createReplayDesk(ended);
  await other.answer("q1");
  await other.answer("q2");
  expect(other.failed(fabricError("RUN_FUEL", { limit: 9 })).differences).toEqual([
    { where: "run", path: "", recorded: '"RUN_STACK"', replayed: '"RUN_FUEL"' },
  ]);
});

test("fuel is left out where a lane's steps cannot be compared", async () => {
  const transcript = record();
  const desk = createReplayDesk(transcript, { comparesFuel: false });
  await desk.answer("q1");
  await desk.answer("q2");
  expect(desk.compare(outcome, 6)).toMatchObject({ same: true, transcriptDigest: transcript.head });
});
