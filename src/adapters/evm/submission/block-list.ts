/** What the list keeps of a block. */
export interface BlockRef {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
}

/** The newest blocks of one chain, each the parent of the next. */
export interface BlockList {
  readonly tip: BlockRef | null;
  /** Lowest number that is kept; 0 while it is empty. */
  readonly low: number;
  at(number: number): BlockRef | null;
  has(hash: string): boolean;
  /**
   * Puts a branch, ascending and linked, on top of the kept block that its first one names as its parent, and gives the
   * blocks that it replaces, newest first. A branch without such a parent replaces everything.
   */
  adopt(branch: readonly BlockRef[]): readonly BlockRef[];
  /** Drops everything above `number` and gives it, newest first. */
  rewind(number: number): readonly BlockRef[];
}

/** Keeps `limit` blocks. */
export const createBlockList = (limit: number): BlockList => {
  let blocks: BlockRef[] = [];
  let hashes = new Set<string>();
  const low = (): number => blocks[0]?.number ?? 0;
  const cut = (length: number): readonly BlockRef[] => {
    const gone = blocks.slice(length).toReversed();
    blocks = blocks.slice(0, length);
    for (const { hash } of gone) hashes.delete(hash);
    return gone;
  };
  return {
    get tip() {
      return blocks.at(-1) ?? null;
    },
    get low() {
      return low();
    },
    at: (number) => blocks[number - low()] ?? null,
    has: (hash) => hashes.has(hash),
    adopt: (branch) => {
      const parent = branch[0]?.parentHash;
      const kept = blocks.findLastIndex(({ hash }) => hash === parent) + 1;
      const gone = cut(kept);
      blocks.push(...branch);
      if (blocks.length > limit) blocks = blocks.slice(-limit);
      hashes = new Set(blocks.map(({ hash }) => hash));
      return gone;
    },
    rewind: (number) => cut(Math.max(0, Math.min(blocks.length, number - low() + 1))),
  };
};
