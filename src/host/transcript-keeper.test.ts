import { expect, test } from "vitest";
import type { RecordedTranscript } from "../../enclave-sim/protocol/sealed-transcript.ts";
import { createTranscriptKeeper } from "./transcript-keeper.ts";

const plain = { head: "sha256:1", entries: [] } as unknown as RecordedTranscript;
const sealed = { format: "cryptlet-sealed-transcript/v1", head: "sha256:2" } as RecordedTranscript;

test.each([
  ["all", ["published", "unchanged", "failed"]],
  ["published", ["published", "failed"]],
  ["none", []],
] as const)("the policy %s keeps the transcripts of runs that ended as it says", (keep, kept) => {
  const keeper = createTranscriptKeeper({ keep });
  const ends = ["published", "unchanged", "failed"] as const;
  expect(ends.filter((end) => keeper.keepOf(end, plain) !== null)).toEqual(kept);
});

test("what arrives sealed is stored sealed, and nothing is stored where nothing was recorded", () => {
  const keeper = createTranscriptKeeper({ keep: "all" });
  expect(keeper.keepOf("published", sealed)).toEqual({
    digest: "sha256:2",
    form: "sealed",
    body: JSON.stringify(sealed),
  });
  expect(keeper.keepOf("published", plain)?.form).toBe("plain");
  expect(keeper.keepOf("failed", null)).toBeNull();
});
