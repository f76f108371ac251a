import type { FeedId } from "../core/ids.ts";

/** What starts a run. */
export interface TriggerEvent {
  /** Idempotency key: `<feed>:interval:<slot>`, `<feed>:manual:<ms>:<count>`, or what a request brought. */
  readonly id: string;
  /** `request`: somebody asked for a round under a key of theirs. */
  readonly kind: "interval" | "manual" | "request";
  readonly feed: FeedId;
  /** ms since epoch. */
  readonly at: number;
  /** Slots that this event stands for besides its own, because the host was down or the run before took long. */
  readonly missed: number;
}
