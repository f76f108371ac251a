/** What a delivery's transactions that may still land can cost at most. One row per delivery. */
export interface SpendingReservationTable {
  delivery_id: string;
  chain: string;
  feed: string;
  contract: string;
  /** Integer text. */
  wei: string;
  created_at: number;
}

/** What was paid for one binding in one slice of time. */
export interface SpendingTotalTable {
  chain: string;
  feed: string;
  contract: string;
  /** End of the slice, ms since epoch. */
  ends_at: number;
  /** Integer text. */
  wei: string;
}
