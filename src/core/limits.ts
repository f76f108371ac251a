import { z } from "zod";

/** A setting that somebody chooses between two bounds. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A whole number of that range; left out, its default. */
export const rangeSchema = ({ min, max, default: otherwise }: Range) =>
  z.int().min(min).max(max).default(otherwise);

/**
 * Every figure that bounds a Cryptlet, in one place: the manifest's schema, the host's configuration, the enclave, its
 * wall and the test kit all read theirs here, so that what a test passes production passes. Times in ms. `limits.test.ts`
 * beside it fails when another file writes one of them down again.
 */
export const RUN_LIMITS = {
  /** One run, host calls included. */
  timeoutMs: { min: 50, max: 120_000, default: 15_000 },
  /** The engine's linear memory in bytes: heap, stack, bundle and all. */
  memoryBytes: { min: 4_194_304, max: 268_435_456, default: 33_554_432 },
  /** Calls of one run through the wall. */
  hostCalls: { min: 1, max: 10_000, default: 256 },
  /** Characters of one run's log. */
  logCharacters: { min: 0, max: 1_048_576, default: 65_536 },
} as const satisfies Record<string, Range>;

/**
 * Ticks of the engine's interrupt counter, the same on every machine; one is about 10,000 steps of bytecode. About 15 s
 * of computing on the machine that was measured: the deadline usually comes first.
 */
export const RUN_FUEL = 100_000;

/** What a host's configuration may say of the same: it lowers what manifests ask for, and never raises it. */
export const HOST_LIMITS = {
  /** MiB. */
  memoryMb: { min: 8, max: 1_024, default: 64 },
  runMs: { min: 1, max: 600_000, default: 30_000 },
  hostCalls: { min: 1, max: 10_000, default: 256 },
} as const satisfies Record<string, Range>;

/** The capability `http`: one request, and one run's requests. */
export const HTTP_LIMITS = {
  /** From first look-up to last byte, redirects and token request included. */
  timeoutMs: { min: 50, max: 60_000, default: 5_000 },
  /** Bytes of one body after decompression. */
  responseBytes: { min: 1, max: 4_194_304, default: 262_144 },
  requests: { min: 1, max: 256, default: 32 },
} as const satisfies Record<string, Range>;

/** Characters of the body of one request to a source. */
export const HTTP_BODY_CHARACTERS = 262_144;

/** The capability `state`. */
export const STATE_LIMITS = {
  /** Bytes of all keys and values in UTF-8. */
  bytes: { min: 1, max: 1_048_576, default: 65_536 },
  keys: { min: 1, max: 4_096, default: 256 },
} as const satisfies Record<string, Range>;

/** Characters of one value of the state. */
export const STATE_VALUE_CHARACTERS = 262_144;

/** The capability `chains`: one query. */
export const CHAIN_LIMITS = {
  quorum: { min: 1, max: 9, default: 1 },
  logBlocks: { min: 1, max: 10_000, default: 1_000 },
  resultBytes: { min: 32, max: 1_048_576, default: 65_536 },
} as const satisfies Record<string, Range>;

/** Bytes of a package's files. */
export const PACKAGE_LIMITS = {
  manifestBytes: 65_536,
  /** By lane: what is text or bytecode is small, what carries a runtime is not. */
  codeBytes: { js: 4_194_304, wasm: 67_108_864, evm: 4_194_304, process: 67_108_864 },
  /** Not run and not measured; whoever reads it holds it to this. */
  sourceMapBytes: 33_554_432,
} as const;

/** Bounds of the wall that no manifest changes, in characters of JSON text unless said otherwise. */
export const WALL_LIMITS = {
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
