/** Bounds of every group; `2 <= k <= n <= 32`. */
export const GROUP_LIMITS = {
  /** A threshold of one is an ordinary key. */
  leastThreshold: 2,
  /** Members, and dealers of one resharing. */
  members: 32,
  /** Characters of one signed message's payload: a dealing to 32 members has about 16,000. */
  messageCharacters: 65_536,
  /** Key ceremonies that one member holds open at once. */
  openCeremonies: 8,
  /** Nonce pairs that one member holds ready per group. */
  heldNonces: 1_024,
  /** Nonce pairs that one call makes. */
  nonceBatch: 64,
  /** Epochs that one group may see. */
  epochs: 1_000_000,
} as const;
