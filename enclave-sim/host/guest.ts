import type { Wall } from "../protocol/lane.ts";
import type { GuestCode, GuestProgram } from "../protocol/guest-messages.ts";
import type { EngineRun } from "../runners/js/js-engine.ts";
import type { LaneSnapshot } from "../runners/lane-engine.ts";

/**
 * Something that runs guest code of one publisher: a thread with the lanes' engines, or a program inside the wall. It
 * does one thing at a time and serves any program of its publisher.
 */
export interface Guest {
  /** What stands between it and the enclave's process. */
  readonly wall: Wall;
  /** Evaluates code. Throws `CRYPTLET_INIT_FAILED`, `RUN_DEADLINE`, `GUEST_CRASHED`, `INTERRUPTED`. */
  build(code: GuestCode, bounds: GuestBounds): Promise<LaneSnapshot>;
  /** One run in a fresh instance. Throws the guest's error, `RUN_DEADLINE`, `GUEST_CRASHED`, `INTERRUPTED`. */
  run(program: GuestProgram, run: EngineRun, bounds: RunBounds): Promise<GuestAnswer>;
  /** False when it is gone and a new one must be started. */
  readonly alive: boolean;
  /** Resolves when its thread is up, or gone; left out where a start costs nobody else anything. */
  readonly ready?: Promise<void>;
  /** Ends it: by message when it is idle, by force when it does not listen. */
  close(): Promise<void>;
}

/** Text that a run ended with, not parsed yet. */
export interface GuestAnswer {
  readonly text: string;
  readonly fuel: number;
}

export interface GuestBounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface RunBounds extends GuestBounds {
  /** Answers one host call with JSON text; the signal ends with the run. */
  readonly answer: (requestText: string, signal: AbortSignal) => Promise<string>;
  /** The next run of this guest will probably be of the same program. */
  readonly again?: boolean;
}
