/** A message that a consumer gave up on, kept until somebody looks at it. */
export interface DeadLetterTable {
  /** `<stream>:<consumer>:<sequence>`. */
  id: string;
  stream: string;
  consumer: string;
  sequence: number;
  subject: string;
  message_id: string | null;
  deliveries: number;
  /** Code of the last error, or what the consumer gave as reason. */
  reason: string;
  data: Uint8Array;
  /** When the consumer gave up, ms since epoch. */
  buried_at: number;
  replays: number;
  /** ms since epoch; null when it was never put back. */
  replayed_at: number | null;
}
