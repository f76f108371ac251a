import type { Generated } from "kysely";

/** Every round in the order in which this database learned of it, whoever made it: what cursors run over. */
export interface RoundLogTable {
  /** Grows in commit order; never used twice. */
  position: Generated<number>;
  feed: string;
  round: number;
}

/** A named cursor over feeds. Times are ms since epoch. */
export interface SubscriptionTable {
  name: string;
  /** Sorted list of feed ids. */
  feeds_json: string;
  /** Everything up to here is acknowledged. */
  position: number;
  created_at: number;
  /** Null before the first acknowledgement. */
  acknowledged_at: number | null;
  /** Session that holds it; null while nobody does. A newer one makes every older one worthless. */
  session: string | null;
  /** How the holder calls itself. */
  consumer: string | null;
  /** The session ends by itself then. */
  lease_until: number;
}

/** `stopped`: nothing is sent until somebody resumes it. */
export type WebhookStatus = "active" | "stopped";

/** An endpoint that rounds are sent to. Its secrets are derived, never stored. Times are ms since epoch. */
export interface WebhookTable {
  id: string;
  url: string;
  description: string;
  /** Sorted list of feed ids. */
  feeds_json: string;
  /** For everything up to here there is a call. */
  position: number;
  /** Number of its secret; each rotation counts one up. */
  generation: number;
  /** The secret before signs too until then; null when there is none. */
  previous_until: number | null;
  /** Which key the secrets are derived from. */
  key_id: string;
  status: WebhookStatus;
  /** Code; null while it is active. */
  stopped: string | null;
  created_at: number;
  updated_at: number;
}

/** `dead`: every try failed. */
export type WebhookCallStatus = "waiting" | "delivered" | "dead";

/** One round on its way to one webhook, stored before anything is sent. Times are ms since epoch. */
export interface WebhookCallTable {
  /** The `webhook-id` of every try. */
  id: string;
  webhook: string;
  feed: string;
  round: number;
  status: WebhookCallStatus;
  /** Tries since it was made or put back. */
  attempts: number;
  replays: number;
  /** Not before then; while a try is under way, when it counts as lost. */
  next_at: number;
  /** HTTP status of the last answer; null when there was none. */
  answer: number | null;
  /** Code of the last error. */
  error: string | null;
  created_at: number;
  updated_at: number;
}

/** `running` is stored before the run begins, so that it never begins twice. */
export type RunRequestStatus = "waiting" | "running" | "done" | "failed";

/** A run that somebody asked for under a key of theirs. Times are ms since epoch. */
export interface RunRequestTable {
  key: string;
  feed: string;
  status: RunRequestStatus;
  /** The answer; null until there is one. */
  round: number | null;
  /** 1 when the round was made for this request. */
  made: number;
  /** Error as it goes over the wire; null when there was none. */
  error_json: string | null;
  created_at: number;
  updated_at: number;
}
