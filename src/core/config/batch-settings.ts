import { z } from "zod";
import { feedIdSchema } from "../ids.ts";
import { BATCH_FORMS } from "./batch-forms.ts";

const DAY = 86_400_000;
/** Least time between two batches: they are ordered by the second on chain. */
const MIN_INTERVAL = 1_000;
const MAX_MEMBERS = 256;

/** Forms in which a contract gets rounds. */
export const BINDING_FORMS = ["single", ...BATCH_FORMS] as const;

/** Many feeds under one signature, as a feed of its own. */
export const batchSchema = z.strictObject({
  id: feedIdSchema.describe("name of the batch: a feed of this fabric like any other"),
  feeds: z
    .array(feedIdSchema)
    .min(1)
    .max(MAX_MEMBERS)
    .describe(
      "decimal feeds of one Cryptlet; their order is part of the on-chain hash, so only a new batch changes it",
    ),
  intervalMs: z
    .int()
    .min(MIN_INTERVAL)
    .max(DAY)
    .describe("between two looks at the members; at least 1000"),
  heartbeatMs: z
    .int()
    .min(MIN_INTERVAL)
    .max(30 * DAY)
    .describe("longest silence: a batch is made at least this often, changed or not"),
  maxListed: z
    .int()
    .min(1)
    .max(MAX_MEMBERS)
    .default(MAX_MEMBERS)
    .describe("most changed members that one batch writes out; the others come with the next"),
});

/** A batch as it is configured. */
export type BatchSettings = z.output<typeof batchSchema>;

/** In which form a contract gets the rounds of a binding. */
export const bindingFormSchema = z
  .enum(BINDING_FORMS)
  .default("single")
  .describe(
    "single: a feed; of a batch: stored (each value in its slot, with events), packed (four to a slot), root (one hash, values come with a proof)",
  );
