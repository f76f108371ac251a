import type {
  CallAnswer,
  ChainAnswer,
  HostCall,
  HttpAnswer,
  HttpClientCredentials,
  HttpRequest,
  Json,
  TriggerInput,
} from "./abi.ts";
import type { GuestFeed } from "./define-cryptlet.ts";
import type { PureFunctions } from "./pure.ts";

/**
 * What a run may use. Every call goes through the wall and is recorded, so that the run can be replayed; only `pure` is
 * answered on this side of it. A capability that the manifest does not grant throws `CAPABILITY_NOT_GRANTED`.
 */
export interface RunContext<Parameters = unknown> {
  readonly trigger: TriggerInput;
  /** The feed of the manifest that the run is for. */
  readonly feed: GuestFeed;
  /** As the feed's definition read them. */
  readonly parameters: Parameters;
  readonly http: HttpCalls;
  readonly log: GuestLog;
  /** Text by key that later runs find again; needs the capability `state`. */
  readonly state: GuestState;
  /** Reads of the chains that the manifest names. */
  readonly chain: ChainCalls;
  /** Hashes, signature checks and encodings, about a hundred times faster than in the guest's own code. */
  readonly pure: PureFunctions;
  /** ms since epoch, the enclave's clock; needs the capability `time`. `trigger.at` needs none. */
  now(): number;
  /** 1 to 1024 random bytes; needs the capability `random`. */
  random(length: number): Uint8Array;
  /**
   * A handle that stands for the value in headers, body and `auth` of a request. The guest never sees the value, and the
   * enclave sends it only to hosts that the manifest binds it to.
   * @example
   * ```ts
   * ctx.http.get(url, { headers: { authorization: `Bearer ${ctx.secret("TOKEN")}` } });
   * ```
   */
  secret(name: string): string;
  /** What the host configured for this Cryptlet; needs the capability `configuration`. Its digest is in the evidence. */
  configuration(): Json;
  /**
   * What another Cryptlet of the same enclave observes now. Its run ends with this one's time.
   * Throws `CALL_REFUSED`, `CALL_FAILED`.
   * @example
   * ```ts
   * const { observation, reference } = ctx.call("gold-price", "xau-usd", {});
   * ```
   */
  call(cryptlet: string, feed: string, parameters: Json, options?: SourceName): CallAnswer;
}

/** Requests to the hosts that the manifest names. A call blocks; the requests of one call run side by side. */
export interface HttpCalls {
  /** One outcome per request, in order; a failure costs its own request only. */
  all(requests: readonly HttpRequest[]): readonly HttpAnswer[];
  get(url: string, options?: GetOptions): HttpAnswer;
}

/** What a single GET may add to its URL. */
export interface GetOptions {
  /** Name of the source; the URL's host when left out. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly auth?: HttpClientCredentials;
}

/** Name under which an answer stands in the observation's sources. */
export interface SourceName {
  /** What was asked, when left out: the chain or the Cryptlet. */
  readonly id?: string;
}

/**
 * Text by key. A run sees the state as it was when the run first looked, with its own changes; the changes are applied
 * when its result is signed, all or none, and only if no other run changed the state meanwhile.
 */
export interface GuestState {
  /** Null for a key that is not set. */
  get(key: string): string | null;
  /** Throws `STATE_QUOTA`, `STATE_READ_ONLY`. */
  put(key: string, value: string): void;
  /** Throws `STATE_READ_ONLY`. */
  delete(key: string): void;
  /** Keys with the prefix in code point order, behind `after`, at most `limit` (256). */
  list(
    prefix?: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): readonly string[];
}

/** Reads of chains, all queries of one call at one block. */
export interface ChainCalls {
  /**
   * Throws `CHAIN_READ_REFUSED`, `CHAIN_UNKNOWN`, `CHAIN_UNAVAILABLE`, `CHAIN_NO_QUORUM`, `CHAIN_RESULT_TOO_LARGE`.
   * @example
   * ```ts
   * const { results, reference, block } = ctx.chain.read("ethereum", [
   *   { kind: "call", contract: "0x…", data: "0xfeaf968c" },
   * ]);
   * ```
   */
  read(chain: string, queries: ChainRead["queries"], options?: ChainReadOptions): ChainAnswer;
}

type ChainRead = Extract<HostCall, { op: "chain.read" }>;

/** @see ChainCalls */
export interface ChainReadOptions extends SourceName {
  /** `latest` when left out. */
  readonly block?: ChainRead["block"];
}

/** Lines for the host's log. Never a secret: the guest has none. */
export interface GuestLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
