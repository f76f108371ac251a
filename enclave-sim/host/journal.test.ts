import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunId, cryptletIdSchema, digestSchema } from "../../src/core/ids.ts";
import type { Transcript } from "../protocol/transcript.ts";
import { findChainFault, openJournal, type RunOpening } from "./journal.ts";

const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const opening = (): RunOpening => ({
  runId: createRunId(),
  cryptlet: { id: cryptletIdSchema.parse("probe"), version: "1.0.0", measurement: DIGEST },
  trigger: { id: "t", kind: "manual", feed: "price", parameters: { a: [1] }, at: 7 },
  seed: "0".repeat(64),
});
const outcome = {
  error: { code: "TOO_FEW_SOURCES" as const, message: "", hint: "", arguments: {} },
};
const write = (calls: readonly (readonly [string, string])[], fuel = 3): Transcript => {
  const journal = openJournal(opening());
  for (const [request, response] of calls)
    journal.append({ op: "log", request, response, provenance: [] });
  return journal.close(outcome, fuel);
};
const texts = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 6 });

test("what was written is whole", () => {
  fc.assert(
    fc.property(texts, (calls) => {
      const transcript = write(calls);
      expect(findChainFault(transcript)).toBeNull();
      expect(transcript.entries.map(({ request, response }) => [request, response])).toEqual(calls);
    }),
  );
});

test("any change of any entry is found", () => {
  const change = fc.constantFrom("request", "response", "op", "remove", "swap", "again" as const);
  const calls = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), {
    minLength: 2,
    maxLength: 6,
    selector: ([request]) => request,
  });
  fc.assert(
    fc.property(calls, fc.nat(), change, (written, position, kind) => {
      const transcript = write(written);
      const entries = [...transcript.entries];
      const at = position % (entries.length - 1);
      const [entry, next] = [entries[at], entries[at + 1]];
      if (!entry || !next) return;
      if (kind === "remove") entries.splice(at, 1);
      else if (kind === "swap") entries.splice(at, 2, next, entry);
      else if (kind === "again") entries.splice(at, 0, entry);
      else entries[at] = { ...entry, [kind]: `${entry[kind]}.` };
      expect(findChainFault({ ...transcript, entries })).not.toBeNull();
    }),
  );
});

test("the opening, the outcome and the fuel are part of the chain", () => {
  const transcript = write([["a", "b"]]);
  const changed: readonly Partial<Transcript>[] = [
    { runId: createRunId() },
    { seed: "1".repeat(64) },
    { trigger: { ...transcript.trigger, at: 8 } },
    { cryptlet: { ...transcript.cryptlet, version: "1.0.1" } },
    { fuel: 4 },
    { outcome: { error: { ...outcome.error, arguments: { reason: "x" } } } },
    { head: DIGEST },
  ];
  for (const change of changed) expect(findChainFault({ ...transcript, ...change })).not.toBeNull();
});
