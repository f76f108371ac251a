import { z } from "zod";
import { digestSchema } from "../core/ids.ts";
import { keyRecordSchema } from "../crypto/key-record.ts";

/**
 * What a relying party accepts as evidence, as data. Default deny: what does not stand here is refused, and an unknown
 * field is an error.
 */
export const simulatedPolicySchema = z.strictObject({
  id: z.string().min(1).max(128),
  /** Accept simulated anchors: development only. */
  allowSimulated: z.boolean().default(false),
  /** Accept a platform that a debugger may watch. */
  allowDebug: z.boolean().default(false),
  /** Platform keys that are believed. `simulated` is said here, by the relying party, and never read from evidence. */
  anchors: z
    .array(
      z.strictObject({
        name: z.string().max(128),
        key: keyRecordSchema,
        simulated: z.literal(true),
      }),
    )
    .max(64),
  /** Measurements of Cryptlets that may run. */
  measurements: z.array(digestSchema).min(1).max(256),
});
/** @see simulatedPolicySchema */
export type SimulatedPolicy = z.infer<typeof simulatedPolicySchema>;
/** A policy as its author writes it. */
export type SimulatedPolicyInput = z.input<typeof simulatedPolicySchema>;
