import { RUN_FUEL, WALL_LIMITS } from "../../src/core/limits.ts";
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
  /** Ticks of the engine's interrupt counter; the same on every machine. */
  readonly maxFuel: number;
}

/** How nice guests' threads are to host and enclave (getpriority(2)): they get what those leave, and all of it. */
export const GUEST_PRIORITY = 10;

/** Bounds that no manifest changes, in characters of JSON text unless said otherwise. */
export const WALL = WALL_LIMITS;

/** The limits of a Cryptlet: the lower of the manifest's and the host's. */
export const limitsOf = (manifest: Manifest, lower: Partial<Limits> = {}): Limits => {
  const asked: Limits = { ...manifest.limits, maxFuel: RUN_FUEL };
  const least = (name: keyof Limits) => Math.min(asked[name], lower[name] ?? asked[name]);
  return {
    timeoutMs: least("timeoutMs"),
    memoryBytes: least("memoryBytes"),
    maxHostCalls: least("maxHostCalls"),
    maxLogCharacters: least("maxLogCharacters"),
    maxFuel: least("maxFuel"),
  };
};
