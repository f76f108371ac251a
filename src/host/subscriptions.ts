import type { FeedId } from "../core/ids.ts";
import type { RoundView } from "./fabric.ts";

/**
 * Where a cursor begins. `now`: what is committed from here on. `beginning`: every round on record. `time`: rounds
 * issued at that time (ms since epoch) or later. `round`: that round of that feed, and what came after it on any feed.
 */
export type SubscriptionStart =
  | { readonly kind: "now" }
  | { readonly kind: "beginning" }
  | { readonly kind: "time"; readonly time: number }
  | { readonly kind: "round"; readonly feed: FeedId; readonly round: number };

/** A named cursor over feeds that moves only on acknowledgement. Times are ms since epoch. */
export interface SubscriptionView {
  readonly name: string;
  readonly feeds: readonly FeedId[];
  /** Everything up to this place in the host's log of rounds is acknowledged. */
  readonly position: number;
  /** Rounds that wait, counted up to 10,000. */
  readonly waiting: number;
  readonly createdAt: number;
  readonly acknowledgedAt: number | null;
  /** Who holds it; null while nobody does. */
  readonly consumer: string | null;
  readonly heldUntil: number | null;
}

/** A round with its place in the log: what is acknowledged. */
export interface SubscriptionEvent {
  readonly position: number;
  readonly round: RoundView;
}

/** The right to read and acknowledge; it ends after `leaseMs` without use or renewal, when somebody else comes. */
export interface SubscriptionSession {
  readonly session: string;
  readonly leaseMs: number;
  readonly position: number;
}

/**
 * Durable subscriptions: at least once, in the order of the host's record, without gaps. One consumer at a time; a
 * session that was overtaken can neither read nor acknowledge.
 */
export interface Subscriptions {
  list(): Promise<readonly SubscriptionView[]>;
  /** Throws `SUBSCRIPTION_UNKNOWN`. */
  get(name: string): Promise<SubscriptionView>;
  /**
   * Makes it, or finds it as it is: the same name with the same feeds is the same subscription, and `from` then says
   * nothing. Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`, `SUBSCRIPTION_DIFFERS`, `SUBSCRIPTION_LIMIT`.
   */
  ensure(request: {
    readonly name: string;
    readonly feeds: readonly FeedId[];
    readonly from: SubscriptionStart;
  }): Promise<SubscriptionView>;
  /** Throws `SUBSCRIPTION_UNKNOWN`. */
  remove(name: string): Promise<void>;
  /**
   * Takes it for a consumer; the consumer that holds it takes it again. Throws `SUBSCRIPTION_UNKNOWN`,
   * `SUBSCRIPTION_TAKEN`.
   */
  open(name: string, consumer: string): Promise<SubscriptionSession>;
  /** Holds it longer. Throws `SUBSCRIPTION_UNKNOWN`, `SUBSCRIPTION_LOST`. */
  renew(name: string, session: string): Promise<SubscriptionSession>;
  /** Gives it back, so that another consumer need not wait. A session that is over gives nothing back. */
  release(name: string, session: string): Promise<void>;
  /**
   * Rounds behind `after`, which is at least the cursor; waits up to `waitMs` for the first one, and gives none when
   * none came. Holds the session longer. Throws `SUBSCRIPTION_UNKNOWN`, `SUBSCRIPTION_LOST`, `SUBSCRIPTION_READERS`.
   */
  pull(
    name: string,
    request: {
      readonly session: string;
      /** Place of the last event that the consumer has in hand; null: the cursor. */
      readonly after: number | null;
      readonly limit: number;
      readonly waitMs: number;
    },
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly SubscriptionEvent[]>;
  /**
   * Moves the cursor to `position`, never back. Throws `SUBSCRIPTION_UNKNOWN`, `SUBSCRIPTION_LOST`,
   * `SUBSCRIPTION_ACK_AHEAD`.
   */
  acknowledge(name: string, session: string, position: number): Promise<void>;
  /**
   * Moves the cursor anywhere and ends the session, so that rounds come again or are left out. Throws
   * `SUBSCRIPTION_UNKNOWN`, `FEED_UNKNOWN`, `ROUND_UNKNOWN`.
   */
  seek(name: string, to: SubscriptionStart): Promise<SubscriptionView>;
}
