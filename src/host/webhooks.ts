import type { FeedId } from "../core/ids.ts";
import type { SubscriptionStart } from "./subscriptions.ts";

/** An endpoint that rounds are sent to, signed as the Standard Webhooks specification says. Times are ms since epoch. */
export interface WebhookView {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly feeds: readonly FeedId[];
  /** `stopped`: nothing is sent until somebody resumes it. */
  readonly status: "active" | "stopped";
  /** Code of what stopped it; null while it is active. */
  readonly stopped: string | null;
  /** Calls that are not delivered yet. */
  readonly waiting: number;
  /** Calls that were given up on. */
  readonly dead: number;
  /** Rounds that have no call yet, counted up to 10,000: more than a webhook's queue holds. */
  readonly behind: number;
  /** The secret before the last rotation signs too until then; null when there is none. */
  readonly previousSecretUntil: number | null;
  readonly createdAt: number;
}

/** A webhook with its secret, which is shown when it is made and when it is rotated, and never again. */
export interface WebhookWithSecret extends WebhookView {
  /** `whsec_` and 32 bytes in base64. */
  readonly secret: string;
}

/** One round on its way to one webhook. Times are ms since epoch. */
export interface WebhookCallView {
  /** `webhook-id` of every try. */
  readonly id: string;
  readonly webhook: string;
  readonly feed: FeedId;
  readonly round: number;
  readonly status: "waiting" | "delivered" | "dead";
  /** Tries since it was made or put back. */
  readonly attempts: number;
  readonly replays: number;
  /** When it is tried next; null unless it waits. */
  readonly nextAt: number | null;
  /** HTTP status of the last answer; null when there was none. */
  readonly answer: number | null;
  /** Code of the last error. */
  readonly error: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Webhooks and their calls. Each call is stored before anything is sent, and sent until it is answered or given up on. */
export interface Webhooks {
  list(): Promise<readonly WebhookView[]>;
  /** Throws `WEBHOOK_UNKNOWN`. */
  get(id: string): Promise<WebhookView>;
  /**
   * Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`, `WEBHOOK_URL_REFUSED`, `WEBHOOK_LIMIT`, and `HTTP_NAME_UNKNOWN`,
   * `HTTP_PRIVATE_ADDRESS` for where the address leads now.
   */
  add(request: {
    readonly url: string;
    readonly feeds: readonly FeedId[];
    readonly description: string;
    readonly from: SubscriptionStart;
  }): Promise<WebhookWithSecret>;
  /** Removes it with its calls. Throws `WEBHOOK_UNKNOWN`. */
  remove(id: string): Promise<void>;
  /** A new secret; the one before signs too for `overlapMs`. Throws `WEBHOOK_UNKNOWN`. */
  rotate(id: string, overlapMs: number): Promise<WebhookWithSecret>;
  /** Sends again what a stop held back. Throws `WEBHOOK_UNKNOWN`. */
  resume(id: string): Promise<WebhookView>;
  /** Newest change first. Throws `WEBHOOK_UNKNOWN`. */
  calls(
    id: string,
    filter: { readonly status?: WebhookCallView["status"]; readonly limit: number },
  ): Promise<readonly WebhookCallView[]>;
  /**
   * Puts dead or delivered calls back under the ids that they had: the one named, or every dead one. Resolves with how
   * many. Throws `WEBHOOK_UNKNOWN`, `WEBHOOK_CALL_UNKNOWN`.
   */
  replay(id: string, call: string | null): Promise<number>;
}
