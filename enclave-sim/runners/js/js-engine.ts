import type { GuestRefusal } from "../../../src/sdk/abi.ts";

/** Everything that a fresh instance needs: the engine's memory after the bundle was evaluated, and where its parts lie. */
export interface EngineSnapshot {
  /** Linear memory; may lie in a SharedArrayBuffer, is never written to. */
  readonly memory: Uint8Array;
  readonly stackPointer: number;
  readonly runtimePointer: number;
  readonly contextPointer: number;
  /** Handle of the function that begins a run. */
  readonly beginToken: number;
}

/** Limits that hold inside the engine. */
export interface EngineLimits {
  readonly memoryBytes: number;
  readonly maxFuel: number;
  readonly outcomeCharacters: number;
}

/** What one run brings to an instance. */
export interface EngineRun {
  readonly triggerText: string;
  /** 32 bytes in hex for `Math.random`. */
  readonly seed: string;
  /** What `Date` says during the whole run: ms since epoch. */
  readonly at: number;
}

/** Outcome text of the guest, or why there is none; `fuel` in ticks either way. */
export type EngineResult =
  | { readonly text: string; readonly fuel: number }
  | { readonly error: GuestRefusal; readonly fuel: number };

/** What an instance may reach: one blocking function of JSON text, and the word that it should stop. */
export interface EngineHost {
  call(requestText: string): string;
  /** Asked at every tick; true ends the run. */
  cancelled(): boolean;
}

/** A JavaScript engine whose instances share nothing and start from one snapshot. Never V8. */
export interface JsEngine {
  /** Evaluates a bundle once, without capabilities. Throws `CRYPTLET_INIT_FAILED`. */
  build(bundle: string, cryptlet: string): Promise<EngineSnapshot>;
  /** A fresh instance; `run` can be called once. */
  restore(snapshot: EngineSnapshot): Promise<EngineInstance>;
}

export interface EngineInstance {
  /** Never throws: whatever goes wrong is the run's error. */
  run(run: EngineRun): EngineResult;
}
