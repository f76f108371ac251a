import type { ErrorCode } from "../../../core/errors/catalogue.ts";

/**
 * `live` counts; `lagging` counts and is asked last; `quarantined` is left alone until `retryAt`; `probation` is asked
 * and compared, but does not count.
 */
export type EndpointState = "live" | "lagging" | "quarantined" | "probation";

/** How one endpoint of a chain does. Never its URL: that may hold a key. */
export interface EndpointReport {
  readonly name: string;
  readonly state: EndpointState;
  /** Why it is not live. */
  readonly code: ErrorCode | null;
  /** Highest block it spoke of; null before it did. */
  readonly height: number | null;
  /** Blocks behind the highest of the others. */
  readonly lag: number;
  /** Moving average of its answers, ms. */
  readonly latencyMs: number;
  readonly asked: number;
  /** Questions without a usable answer: time-outs, 5xx, junk. */
  readonly failed: number;
  /** Answers that the others contradicted. */
  readonly contradicted: number;
  /** ms from now until it is tried again; 0 unless quarantined. */
  readonly retryInMs: number;
}

/** The endpoints of one chain. */
export interface PoolReport {
  readonly quorum: number;
  readonly endpoints: readonly EndpointReport[];
}
