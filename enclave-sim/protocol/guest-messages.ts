import type { MessagePort } from "node:worker_threads";
import type { GuestRefusal } from "../../src/sdk/abi.ts";
import type { EngineLimits, EngineRun } from "../runners/js/js-engine.ts";
import type { EngineLane, LaneSnapshot } from "../runners/lane-engine.ts";

// Between whoever holds guests and a guest's thread. Whatever a guest can influence is JSON text, and is parsed by the
// enclave before anything acts on it (abi-schemas.ts).

/** What a guest thread is started with; it gets no Cryptlet before its first message. */
export interface GuestThreadData {
  /** Two `Int32`: see `CONTROL`. */
  readonly control: SharedArrayBuffer;
  /** Where answers to host calls arrive, read without an event loop. */
  readonly answers: MessagePort;
}

/** Cells of the control buffer. */
export const CONTROL = {
  /** Counts answers; the guest sleeps until it changes. */
  ANSWERS: 0,
  /** 1 asks the run to stop. */
  CANCEL: 1,
  LENGTH: 2,
} as const;

/** Code that is evaluated once, and what it may use then. */
export interface GuestCode {
  readonly lane: EngineLane | "process";
  readonly code: Uint8Array;
  /** Id for error texts. */
  readonly cryptlet: string;
  readonly limits: EngineLimits;
}

/** What a guest runs: any Cryptlet of its publisher. */
export interface GuestProgram {
  /** The measurement: equal ids have equal snapshots. */
  readonly id: string;
  readonly snapshot: LaneSnapshot;
  readonly limits: EngineLimits;
}

export type ToGuest =
  | { readonly kind: "build"; readonly code: GuestCode; readonly module?: WebAssembly.Module }
  | {
      readonly kind: "run";
      readonly program: GuestProgram;
      readonly run: EngineRun;
      /** Restore the same program once more when the run is over: the next one will probably be its. */
      readonly again: boolean;
      /** The lane's engine, compiled by whoever holds the guests. */
      readonly module?: WebAssembly.Module;
    }
  | { readonly kind: "end" };

/** The first word of a guest's thread: it is up. */
export const GUEST_READY = "ready";

export type FromGuest =
  | { readonly kind: "built"; readonly snapshot: LaneSnapshot }
  | { readonly kind: "build-failed"; readonly error: GuestRefusal }
  | { readonly kind: "call"; readonly text: string }
  | { readonly kind: "done"; readonly text: string; readonly fuel: number }
  | { readonly kind: "failed"; readonly error: GuestRefusal; readonly fuel: number };
