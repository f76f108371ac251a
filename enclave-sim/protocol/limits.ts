import type { Manifest } from "../../src/sdk/manifest.ts";

/** What one run may use. The manifest asks, the fabric bounds, the host's configuration may lower it. */
export interface Limits {
  /** ms of one run, host calls included. */
  readonly timeoutMs: number;
  /** Bytes of the engine's linear memory: heap, stack, bundle and all. */
  readonly memoryBytes: number;
  readonly maxHostCalls: number;
  /** Characters of one run's log. */
  readonly maxLogCharacters: number;
  /** Ticks of the engine's interrupt counter; the same on every machine. One is about 10,000 steps of bytecode. */
  readonly maxFuel: number;
}

/** About 15 s of computing on the machine that was measured; the deadline usually comes first. */
const MAX_FUEL = 100_000;

/** How nice guests' threads are to host and enclave (getpriority(2)): they get what those leave, and all of it. */
export const GUEST_PRIORITY = 10;

/** Bounds that no manifest changes, in characters of JSON text unless said otherwise. */
export const WALL = {
  /** A host call, requests with their bodies. */
  callCharacters: 1_048_576,
  /** What a run returns. */
  outcomeCharacters: 1_048_576,
  /** Trigger with its parameters. */
  triggerCharacters: 65_536,
  /** Answers of all host calls of one run. */
  answersCharacters: 67_108_864,
  /** ms to evaluate a bundle once. */
  initMs: 10_000,
  /** ms that an interrupted guest has to stop by itself before its thread is ended. */
  graceMs: 50,
  /** Bytes that one `random.bytes` call gives. */
  randomBytes: 1_024,
  /** Guests of one Cryptlet that run at the same time; started when they are needed. */
  guests: 4,
  /** Runs of one Cryptlet that wait for a guest. */
  queuedRuns: 64,
  /** Cryptlets on the way from a first caller to the last callee. */
  callDepth: 4,
  /** Unsigned runs that the enclave remembers for one Cryptlet. */
  heldRuns: 64,
  /** Failed runs of one Cryptlet whose transcripts the enclave remembers. */
  heldFailures: 16,
} as const;

/** The limits of a Cryptlet: the lower of the manifest's and the host's. */
export const limitsOf = (manifest: Manifest, lower: Partial<Limits> = {}): Limits => {
  const asked: Limits = { ...manifest.limits, maxFuel: MAX_FUEL };
  const least = (name: keyof Limits) => Math.min(asked[name], lower[name] ?? asked[name]);
  return {
    timeoutMs: least("timeoutMs"),
    memoryBytes: least("memoryBytes"),
    maxHostCalls: least("maxHostCalls"),
    maxLogCharacters: least("maxLogCharacters"),
    maxFuel: least("maxFuel"),
  };
};
