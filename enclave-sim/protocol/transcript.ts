import { z } from "zod";
import { codedErrorSchema } from "../../src/core/errors/wire.ts";
import { cryptletIdSchema, digestSchema, runIdSchema } from "../../src/core/ids.ts";
import { provenanceSchema, runOutcomeSchema, triggerSchema } from "./abi-schemas.ts";
import { WALL } from "./limits.ts";

/** Version of the wall between guest and enclave. */
export const ABI_VERSION = 1;

const json = z.string().max(WALL.answersCharacters);

/** One host call: JSON text of both sides, chained by SHA-256 to everything before it. */
const journalEntrySchema = z.strictObject({
  seq: z.int().min(1),
  op: z.string().max(64),
  request: json,
  response: json,
  /** What the enclave kept of it: `http.all` only. */
  provenance: z.array(provenanceSchema).max(256),
  head: digestSchema,
});

/** Everything that decided a run, enough to run it again bit for bit. */
export const transcriptSchema = z.strictObject({
  abi: z.literal(ABI_VERSION),
  runId: runIdSchema,
  cryptlet: z.strictObject({
    id: cryptletIdSchema,
    version: z.string().max(64),
    measurement: digestSchema,
  }),
  trigger: triggerSchema,
  /** Hex of the 32 bytes that seed `Math.random`. */
  seed: z.string().regex(/^[0-9a-f]{64}$/),
  /** Digest of all of the above: the first link. */
  opening: digestSchema,
  entries: z.array(journalEntrySchema).max(10_000),
  /** What the guest gave, or why the enclave ended the run before it gave anything. */
  outcome: z.union([runOutcomeSchema, z.strictObject({ ended: codedErrorSchema })]),
  fuel: z.int().min(0),
  /** Digest of the last link: opening, entries, outcome. */
  head: digestSchema,
});
export type JournalEntry = z.infer<typeof journalEntrySchema>;
/** @see transcriptSchema */
export type Transcript = z.infer<typeof transcriptSchema>;
