/**
 * The JSON that crosses the wall between a Cryptlet and its enclave (docs: `enclave-sim/protocol`).
 * Types only: this file is part of every guest bundle.
 */

/** Whether an answer came from the provider itself or from the provider emulator. */
export type SourceMode = "LIVE" | "EMULATED";

/** Any JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What starts a run; the same bytes give the same run. */
export interface TriggerInput {
  /** Idempotency key of the trigger event. */
  readonly id: string;
  readonly kind: "interval" | "heartbeat" | "deviation" | "manual";
  /** Feed the run is for. */
  readonly feed: string;
  /** Feed parameters of the host's configuration. */
  readonly parameters: Json;
  /** ms since epoch at which the trigger fired. */
  readonly at: number;
}

/**
 * OAuth 2.0 client credentials (RFC 6749 section 4.4). The token is fetched, cached and put into the request
 * by the enclave; the guest never sees it. `{{secret:NAME}}` stands for a secret that the manifest names.
 */
export interface HttpClientCredentials {
  readonly kind: "oauth2-client-credentials";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
}

/** One request. `{{secret:NAME}}` may stand in header values and in the body; only the enclave fills it. */
export interface HttpRequest {
  /** Name of the source, unique in one call. */
  readonly id: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** ms, capped by the manifest. */
  readonly timeoutMs?: number;
  readonly auth?: HttpClientCredentials;
}

/** An error on its way out of a guest; the host adds message and hint from its catalogue. */
export interface GuestRefusal {
  readonly code: string;
  readonly arguments: Readonly<Record<string, string>>;
}

/** An error on its way into a guest (`toWire` of `src/core`). */
export interface AbiError extends GuestRefusal {
  readonly message: string;
  readonly hint: string;
}

/** Answer to one request. `reference` names the provenance that the enclave keeps for it. */
export type HttpAnswer =
  | {
      readonly ok: true;
      readonly id: string;
      readonly reference: number;
      readonly mode: SourceMode;
      readonly status: number;
      /** Lower-case names; only `content-type`, `date`, `retry-after` and `x-ratelimit-*`-like ones cross. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** ms since epoch when the last byte arrived. */
      readonly receivedAt: number;
    }
  | { readonly ok: false; readonly id: string; readonly error: AbiError };

/** What a guest may ask of its enclave. */
export type HostCall =
  | { readonly op: "http.all"; readonly requests: readonly HttpRequest[] }
  | { readonly op: "time.now" }
  | { readonly op: "random.bytes"; readonly length: number }
  | {
      readonly op: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
    };

/** Answer of the enclave to a host call: `http.all` gives `HttpAnswer[]`, `time.now` a number, `random.bytes` hex. */
export type HostAnswer = { readonly ok: Json } | { readonly error: AbiError };

/** A number with its decimals, or a record of typed fields. */
export type FeedValue =
  | {
      readonly kind: "decimal";
      readonly text: string;
      readonly decimals: number;
      readonly unit: string;
    }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, RecordField>> };

/** One field of a record; `value` is text in every type: `decimal` plain, `timestamp` ms since epoch, `boolean` true/false. */
export interface RecordField {
  readonly type: "string" | "decimal" | "boolean" | "timestamp" | "null";
  readonly value: string;
}

/** What the Cryptlet read from one source. */
export interface SourceReading {
  readonly id: string;
  /** `reference` of the answer it was read from; null when the source gave none. */
  readonly reference: number | null;
  /** Text of the value as extracted; null when the source failed. */
  readonly extracted: string | null;
  /** The source's own time, ms since epoch; null when unknown. */
  readonly observedAt: number | null;
  /** True when aggregation left it out as an outlier. */
  readonly outlier: boolean;
  /** Code of what went wrong; null when nothing did. */
  readonly error: string | null;
}

/** Market state that travels with a value. */
export interface MarketState {
  readonly status: "open" | "closed" | "unknown";
  readonly session: string | null;
  /** ms since epoch, null when unknown. */
  readonly nextOpen: number | null;
}

/** One observation as the Cryptlet proposes it; the enclave adds provenance, round and signature. */
export interface ObservationDraft {
  readonly feed: string;
  readonly value: FeedValue;
  /** ms since epoch: the sources' time. */
  readonly observedAt: number;
  readonly market: MarketState;
  readonly sources: readonly SourceReading[];
  readonly aggregation: {
    readonly method: string;
    readonly minSources: number;
    readonly used: number;
    /** Highest minus lowest used value, plain decimal text. */
    readonly spread: string;
  };
}

/** What a run returns through the wall. */
export type RunOutcome =
  | { readonly ok: { readonly observation: ObservationDraft } }
  | { readonly error: GuestRefusal };
