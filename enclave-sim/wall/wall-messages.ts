import { z } from "zod";
import type { EngineLimits, EngineRun } from "../runners/js/js-engine.ts";
import type { EngineLane } from "../runners/lane-engine.ts";
import type { SnapshotHeader } from "./snapshot-header.ts";

// JSON parts of frames (wall-frames.ts). What the enclave sends is believed behind the wall; what comes back is hostile.

/** `FRAME.PROGRAM`, before the snapshot's bytes. */
export interface ProgramMessage {
  readonly id: string;
  readonly limits: EngineLimits;
  readonly snapshot: SnapshotHeader;
}

/** `FRAME.BUILD`, before the code. */
export interface BuildMessage {
  readonly lane: EngineLane;
  readonly cryptlet: string;
  readonly limits: EngineLimits;
}

/** `FRAME.RUN`. */
export interface RunMessage {
  /** Number of a `FRAME.PROGRAM`. */
  readonly program: number;
  readonly run: EngineRun;
  readonly again: boolean;
}

const fuel = z.int().min(0);

/** `FRAME.DONE`, before the outcome's text. */
export const doneSchema = z.strictObject({ fuel });

/** How an engine may end a run; anything else is said by the enclave itself, or by the outcome's text. */
const ENGINE_CODES = [
  "CRYPTLET_INIT_FAILED",
  "LANE_ENGINE_MISSING",
  "CRYPTLET_FAILED",
  "RUN_FUEL",
  "RUN_MEMORY",
  "RUN_STACK",
  "GUEST_CRASHED",
  "GUEST_THREW",
  "GUEST_NEVER_ANSWERED",
  "GUEST_ANSWER_INVALID",
  "GUEST_ANSWER_TOO_LARGE",
  "INTERRUPTED",
] as const;

/** `FRAME.FAILED`. */
export const failedSchema = z.strictObject({
  fuel,
  error: z.strictObject({
    code: z.enum(ENGINE_CODES),
    arguments: z.record(z.string().max(64), z.string().max(2_000)),
  }),
});
