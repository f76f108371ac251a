import type { Lane } from "../protocol/lane.ts";
import type {
  EngineHost,
  EngineLimits,
  EngineResult,
  EngineRun,
  EngineSnapshot,
} from "./js/js-engine.ts";

/** Lanes whose code runs in an engine inside a guest's thread; the process lane's runs as a program of its own. */
export type EngineLane = Exclude<Lane, "process">;

/** What code became after it was evaluated once, without capabilities; any thread with the same engine starts from it. Structured-cloneable. */
export type LaneSnapshot =
  | ({ readonly lane: "js" } & EngineSnapshot)
  | {
      readonly lane: "wasm";
      /** After the admission pass; the bytes are what is measured. */
      readonly module: WebAssembly.Module;
      readonly moduleBytes: Uint8Array;
      /** Linear memory after `_initialize` without the zeros at its end; null where instances start from the module alone. */
      readonly memory: Uint8Array | null;
      /** Mutable globals, then the memory's size in pages; empty where instances start from the module alone. */
      readonly globals: readonly (number | bigint)[];
    }
  | { readonly lane: "evm"; /** Runtime bytecode. */ readonly code: Uint8Array }
  | { readonly lane: "process"; /** The program's file. */ readonly code: Uint8Array };

/** One fresh instance; `run` can be called once and never throws: whatever goes wrong is the run's error. */
export interface LaneInstance {
  run(run: EngineRun): EngineResult | Promise<EngineResult>;
}

/** The engine of one lane inside a guest's thread. Instances share nothing. */
export interface LaneEngine {
  /** Throws `CRYPTLET_INIT_FAILED`. */
  build(code: Uint8Array, cryptlet: string): Promise<LaneSnapshot>;
  restore(snapshot: LaneSnapshot): Promise<LaneInstance>;
}

/** What every lane's engine is made of. */
export interface LaneEngineParts {
  /** The engine itself where it is wasm, compiled once for all threads: machine code that one makes better serves all. */
  readonly module?: WebAssembly.Module;
  readonly limits: EngineLimits;
  readonly host: EngineHost;
}

/** One row of the table of engines. */
export interface LaneEngineRow {
  /** What is measured as the interpreter: canonical JSON text, the same on every machine. */
  interpreter(): string;
  /** Loads the engine's code, which no thread does before it needs it. */
  create(parts: LaneEngineParts): Promise<LaneEngine>;
}
