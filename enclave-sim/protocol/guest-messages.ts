import type { MessagePort } from "node:worker_threads";
import type { GuestRefusal } from "../../src/sdk/abi.ts";
import type { EngineLimits, EngineRun, EngineSnapshot } from "../runners/js/js-engine.ts";

// Between the enclave's thread and a guest's thread. Whatever a guest can influence is JSON text, and is parsed by the
// enclave before anything acts on it (abi-schemas.ts).

/** What a guest thread is started with. */
export interface GuestThreadData {
  readonly module: WebAssembly.Module;
  readonly limits: EngineLimits;
  /** Two `Int32`: see `ControlWord`. */
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

export type ToGuest =
  | { readonly kind: "build"; readonly bundle: string; readonly cryptlet: string }
  | { readonly kind: "use"; readonly snapshot: EngineSnapshot }
  | { readonly kind: "run"; readonly run: EngineRun }
  | { readonly kind: "end" };

export type FromGuest =
  | { readonly kind: "built"; readonly snapshot: EngineSnapshot }
  | { readonly kind: "build-failed"; readonly error: GuestRefusal }
  | { readonly kind: "call"; readonly text: string }
  | { readonly kind: "done"; readonly text: string; readonly fuel: number }
  | { readonly kind: "failed"; readonly error: GuestRefusal; readonly fuel: number };
