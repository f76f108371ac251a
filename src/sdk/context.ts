import type { HttpAnswer, HttpClientCredentials, HttpRequest, TriggerInput } from "./abi.ts";
import type { GuestFeed } from "./define-cryptlet.ts";

/** What a run may use. Every call goes through the wall and is recorded, so that the run can be replayed. */
export interface RunContext<Parameters = unknown> {
  readonly trigger: TriggerInput;
  /** The feed of the manifest that the run is for. */
  readonly feed: GuestFeed;
  /** As the feed's definition read them. */
  readonly parameters: Parameters;
  readonly http: HttpCalls;
  readonly log: GuestLog;
  /** ms since epoch, the enclave's clock; needs the capability `time`. `trigger.at` needs none. */
  now(): number;
  /** 1 to 1024 random bytes; needs the capability `random`. */
  random(length: number): Uint8Array;
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

/** Lines for the host's log. Never a secret: the guest has none. */
export interface GuestLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
