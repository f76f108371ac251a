/** What an account's own record and the chain say about its nonces. */
export interface NonceEvidence {
  /** Next one by our record; null when there is none. */
  readonly next: number | null;
  /** Transactions in blocks. */
  readonly latest: number;
  /** The same with those that the node holds. */
  readonly pending: number;
  /** How often in a row, over at least some time, the chain has said at least this `latest`. */
  readonly confirmed: boolean;
}

/** More than this in one step is not believed at once. */
export const MAX_JUMP = 64;
/** A gap up to this is filled; behind a wider one the jobs are numbered anew. */
export const MAX_FILL = 16;

/**
 * The next nonce: of our record and the chain the larger one. A node may lie or mean another chain; a jump that
 * nobody's use of the key explains is taken only when the chain keeps saying it (`doubtful` until then), and the
 * pending count only as far as it is near the one in blocks.
 */
export const planNonce = (evidence: NonceEvidence): { next: number } | { doubtful: number } => {
  const { next, latest, confirmed } = evidence;
  const isPlausible =
    evidence.pending >= latest && evidence.pending - Math.max(latest, next ?? 0) <= MAX_JUMP;
  const chain = isPlausible ? evidence.pending : latest;
  if (next === null || chain <= next || chain - next <= MAX_JUMP || confirmed)
    return { next: Math.max(next ?? 0, chain) };
  return { doubtful: chain };
};

/** What to do about nonces that nothing will use, so that everything behind them would wait for ever. */
export type GapPlan =
  | { readonly kind: "none" }
  | { readonly kind: "fill"; readonly nonces: readonly number[] }
  /** The first missing one becomes the next; jobs above it are numbered anew. */
  | { readonly kind: "renumber"; readonly from: number };

/** `taken` holds every nonce from `count` on that a job of ours holds or has landed with. */
export const planGap = (state: {
  /** Transactions in blocks. */
  readonly count: number;
  readonly next: number;
  readonly taken: ReadonlySet<number>;
}): GapPlan => {
  const { count, next, taken } = state;
  const highest = Math.max(-1, ...[...taken].filter((nonce) => nonce >= count));
  if (next <= count) return { kind: "none" };
  // Nothing of ours lies above: the record itself is too high.
  if (highest < count) return { kind: "renumber", from: count };
  const missing: number[] = [];
  for (let nonce = count; nonce < highest && missing.length <= MAX_FILL; nonce += 1)
    if (!taken.has(nonce)) missing.push(nonce);
  const [first] = missing;
  if (first === undefined)
    return next > highest + 1 ? { kind: "renumber", from: highest + 1 } : { kind: "none" };
  return missing.length <= MAX_FILL
    ? { kind: "fill", nonces: missing }
    : { kind: "renumber", from: first };
};
