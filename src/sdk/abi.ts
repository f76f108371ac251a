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
  /** `call`: another Cryptlet of the enclave asked. */
  readonly kind: "interval" | "heartbeat" | "deviation" | "manual" | "call";
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

/**
 * One request. `{{secret:NAME}}`, the handle that `ctx.secret("NAME")` gives, may stand in header values and in the
 * body; only the enclave fills it, and only for a host that the manifest binds the secret to. An answer that repeats a
 * secret does not cross the wall (`HTTP_SECRET_ECHOED`).
 */
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

/** Bytes of a chain: `0x` and an even count of lower-case hex digits. */
export type HexData = string;

/**
 * One read of a chain. `call` is `eth_call` without sender and value; its contract and selector (the first four bytes
 * of `data`) must stand in the manifest. `logs` is `eth_getLogs` of one contract over at most the manifest's
 * `maxLogBlocks` blocks that end at the pinned block; a null topic fits any.
 */
export type ChainQuery =
  | { readonly kind: "call"; readonly contract: HexData; readonly data: HexData }
  | {
      readonly kind: "logs";
      readonly contract: HexData;
      readonly topics: readonly (HexData | null)[];
      /** How many blocks back from the pinned one, which is counted: 1 is that block alone. */
      readonly blocks: number;
    };

/** Result of one query; a revert is an answer, not a fault: `ok: false` with what the contract returned. */
export type ChainResult =
  | { readonly kind: "call"; readonly ok: boolean; readonly data: HexData }
  | { readonly kind: "logs"; readonly logs: readonly ChainLog[] };

/** One event of a contract. */
export interface ChainLog {
  readonly block: number;
  readonly index: number;
  readonly topics: readonly HexData[];
  readonly data: HexData;
}

/** What was read, all of it at one block. `reference` names the provenance that the enclave keeps. */
export interface ChainAnswer {
  readonly reference: number;
  readonly mode: SourceMode;
  readonly chain: string;
  readonly chainId: number;
  readonly block: {
    readonly number: number;
    readonly hash: HexData;
    /** ms since epoch, as the block says. */
    readonly timestamp: number;
  };
  /** How many of the host's endpoints gave exactly this, of how many that were asked. */
  readonly quorum: { readonly agreed: number; readonly asked: number };
  /** In the order of the queries. */
  readonly results: readonly ChainResult[];
}

/** What another Cryptlet of the same enclave observed for the caller. It is not signed; `transcript` is what it is known by. */
export interface CallAnswer {
  readonly reference: number;
  readonly mode: SourceMode;
  readonly cryptlet: {
    readonly id: string;
    readonly version: string;
    /** `sha256:` and hex. */
    readonly measurement: string;
  };
  readonly observation: ObservationDraft;
  /** Digest of the callee's receipt. */
  readonly receipt: string;
  /** ms since epoch when the callee had answered. */
  readonly receivedAt: number;
}

/**
 * What a guest may ask of its enclave. Every call is journaled and counts against `limits.maxHostCalls`. What the
 * manifest does not grant is answered with `CAPABILITY_NOT_GRANTED`; what is none of these with `HOST_CALL_INVALID`.
 *
 * | op | granted by | answer |
 * | --- | --- | --- |
 * | `http.all` | `capabilities.http` | `HttpAnswer[]` |
 * | `time.now` | `capabilities.time` | number, ms since epoch |
 * | `random.bytes` | `capabilities.random` | hex |
 * | `log` | always, bounded | boolean: whether the line was kept |
 * | `configuration` | `capabilities.configuration` | the host's JSON for this Cryptlet, part of the evidence's configId |
 * | `state.get` | `capabilities.state` | text, or null |
 * | `state.put`, `state.delete` | `capabilities.state` | null; applied when the run is accepted |
 * | `state.list` | `capabilities.state` | keys in code point order, at most `limit` |
 * | `chain.read` | `capabilities.chains` | `ChainAnswer` |
 * | `call` | `capabilities.calls` | `CallAnswer` |
 */
export type HostCall =
  | { readonly op: "http.all"; readonly requests: readonly HttpRequest[] }
  | { readonly op: "time.now" }
  | { readonly op: "random.bytes"; readonly length: number }
  | {
      readonly op: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
    }
  | { readonly op: "configuration" }
  | { readonly op: "state.get"; readonly key: string }
  | { readonly op: "state.put"; readonly key: string; readonly value: string }
  | { readonly op: "state.delete"; readonly key: string }
  | {
      readonly op: "state.list";
      readonly prefix: string;
      /** Only keys behind this one; null begins at the first. */
      readonly after: string | null;
      /** 1 to 256. */
      readonly limit: number;
    }
  | {
      readonly op: "chain.read";
      /** Name of the source, as `HttpRequest.id`. */
      readonly id: string;
      /** Name in the manifest. */
      readonly chain: string;
      /** A block number reads history; the tags pin the block that the host then sees. */
      readonly block: "latest" | "safe" | "finalized" | number;
      readonly queries: readonly ChainQuery[];
    }
  | {
      readonly op: "call";
      /** Name of the source, as `HttpRequest.id`. */
      readonly id: string;
      readonly cryptlet: string;
      readonly feed: string;
      readonly parameters: Json;
    };

/** Bytes in one of three forms, exactly one given: UTF-8 of `text`, `hex` (lower case, without 0x), `base64` with padding. */
export type PureBytes =
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly base64: string };

/**
 * Pure functions, answered inside the guest's own worker by `answerPure` (`enclave-sim/capabilities/intrinsics`): the
 * same for every lane and machine, so neither journaled nor counted as host calls, but charged as fuel. Every lane's
 * `host_call` asks `answerPure(requestText)` first, adds its `fuel`, and sends on only what gave null; the enclave
 * refuses an op `pure.*` that reaches it. Lane process has none: its programs bring their language's own. Answers are `HostAnswer`s; bytes are lower-case hex without 0x.
 *
 * | op | answer |
 * | --- | --- |
 * | `pure.sha256`, `pure.sha512`, `pure.keccak256` | hex of the digest |
 * | `pure.hmac-sha256` | hex; `key` is hex |
 * | `pure.verify` | boolean, over the message itself: the suite hashes it. Only canonical signatures hold: low s, 64 bytes, 65 with v for `secp256k1-keccak256` |
 * | `pure.recover` | EVM address (0x, lower case) whose key signed the Keccak-256 of the message, null when there is none; r, s, v with v 27 or 28, low s |
 * | `pure.encode` | the bytes in the form `to`; `HOST_CALL_INVALID` for `text` when they are not UTF-8 |
 */
export type PureCall =
  | ({ readonly op: "pure.sha256" | "pure.sha512" | "pure.keccak256" } & PureBytes)
  | ({ readonly op: "pure.hmac-sha256"; readonly key: string } & PureBytes)
  | ({
      readonly op: "pure.verify";
      readonly suite: PureSuite;
      /** Hex: 32 bytes for ed25519, the uncompressed point (65) for the others. */
      readonly publicKey: string;
      /** Hex. */
      readonly signature: string;
    } & PureBytes)
  | ({ readonly op: "pure.recover"; readonly signature: string } & PureBytes)
  | ({ readonly op: "pure.encode"; readonly to: "text" | "hex" | "base64" } & PureBytes);

/** Signature suites of `src/crypto`. */
export type PureSuite = "ed25519" | "p256-sha256" | "secp256k1-keccak256" | "secp256k1-sha256";

/** Answer of the enclave to a host call; what stands in `ok` says `HostCall`. */
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
