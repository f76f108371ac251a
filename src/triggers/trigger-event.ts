import type { FeedId } from "../core/ids.ts";

/** What starts a run. */
export interface TriggerEvent {
  /** Idempotency key: `<feed>:interval:<slot>`, or `<feed>:manual:<ms>:<count>`. */
  readonly id: string;
  readonly kind: "interval" | "manual";
  readonly feed: FeedId;
  /** ms since epoch. */
  readonly at: number;
  /** Slots that this event stands for besides its own, because the host was down or the run before took long. */
  readonly missed: number;
}
