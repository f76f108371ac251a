import * as z from "zod";
import { digestSchema, type Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "./canonical-json.ts";

/**
 * Short proof of a run; its digest is signed with the observation. What it claims about the walls around the code is
 * the least that held during the run.
 * @example
 * ```ts
 * import { runReceiptSchema } from "cryptlet-fabric/envelope";
 *
 * console.log(runReceiptSchema.safeParse({}).success); // false
 * ```
 */
export const runReceiptSchema = z.strictObject({
  /** Version of the wall between guest and enclave. */
  abi: z.literal(1),
  measurement: digestSchema,
  /** SHA-256 of the trigger's JSON text as the guest got it. */
  trigger: digestSchema,
  /** Last link of the journal: the transcript's digest. */
  journalHead: digestSchema,
  /** Calls through the wall. */
  calls: z.int().min(0),
  /** SHA-256 of the outcome's JSON text as the guest gave it. */
  result: digestSchema,
  /** Ticks of the lane's own counter; comparable within one lane. */
  fuel: z.int().min(0),
  lane: z.enum(["js", "wasm", "evm", "process"]),
  /** Outer wall: `none` means that the guest shared the enclave's process. */
  wall: z.enum(["none", "bubblewrap+seccomp"]),
  /** What a replay can compare: every step, or only what crossed the wall. */
  determinism: z.enum(["bit-for-bit", "host-calls-only"]),
  /** What vouches for the enclave itself; `simulated` is never more than a host's word. */
  attestation: z.enum(["simulated", "hardware"]),
});
/** @see runReceiptSchema */
export type RunReceipt = z.infer<typeof runReceiptSchema>;

/** What stands in the signed statement's `run.receiptDigest`: SHA-256 of the receipt's canonical JSON (RFC 8785). */
export const runReceiptDigest = (receipt: RunReceipt): Digest =>
  digestOf(new TextEncoder().encode(canonicalJson(receipt)));
