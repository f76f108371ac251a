import type { Clock } from "../../../core/clock.ts";
import type { RpcOptions } from "../evm-rpc.ts";
import type { BlockList } from "./block-list.ts";
import type { ChainBlock, ChainQuestions } from "./chain-questions.ts";

/** What one look at the chain changed. */
export interface ChainLook {
  readonly head: ChainBlock;
  /** New on our branch, ascending. */
  readonly added: readonly ChainBlock[];
  /** Hashes of blocks that are no longer on it, with their numbers. */
  readonly removed: ReadonlyMap<string, number>;
  /** The list was begun anew: nothing that it said before can be relied on. */
  readonly begun: boolean;
}

/** Follows the head of one chain along the parents. */
export interface ChainFollower {
  /** One question where nothing is new, and one more for each block between. */
  look(options: RpcOptions): Promise<ChainLook>;
}

/** A node that lags shows an older head. So many looks and ms of it in a row, and the chain itself has gone back. */
const PATIENT_LOOKS = 8;
const PATIENT_MS = 20_000;
/** A head beside ours that is not higher: one answer may come from a node on a branch that dies. */
const RIVAL_LOOKS = 2;

const nothing = (head: ChainBlock): ChainLook => ({
  head,
  added: [],
  removed: new Map(),
  begun: false,
});

export const createChainFollower = (
  questions: ChainQuestions,
  list: BlockList,
  clock: Clock,
  /** Blocks that are walked at most; over it the list begins anew. */
  limit: number,
): ChainFollower => {
  /** Looks in a row that did not show our tip or anything above it. */
  let behind: { looks: number; since: number } | null = null;
  let rival: { height: number; looks: number } | null = null;

  const adopt = (head: ChainBlock, branch: readonly ChainBlock[], begun: boolean): ChainLook => {
    behind = null;
    rival = null;
    const gone = list.adopt(branch);
    return {
      head,
      added: branch,
      removed: new Map(gone.map(({ hash, number }) => [hash, number])),
      begun,
    };
  };

  /** The blocks from the list up to the head; null where the node cannot give one of them now. */
  const branchTo = async (
    head: ChainBlock,
    options: RpcOptions,
  ): Promise<{ blocks: readonly ChainBlock[]; joins: boolean } | null> => {
    const blocks: ChainBlock[] = [head];
    let lowest = head;
    while (!list.has(lowest.parentHash)) {
      // Below the list, or too far above it: there is nothing to join.
      if (lowest.number <= list.low || blocks.length >= limit)
        return { blocks: [head], joins: false };
      const parent = await questions.blockByHash(lowest.parentHash, options);
      if (!parent || parent.number !== lowest.number - 1) return null;
      blocks.unshift(parent);
      lowest = parent;
    }
    return { blocks, joins: true };
  };

  /** An older block of our own branch as head: a node that lags, until it has been so for long. */
  const beBehind = (head: ChainBlock): ChainLook => {
    rival = null;
    behind = { looks: (behind?.looks ?? 0) + 1, since: behind?.since ?? clock.monotonic() };
    const isPatient = behind.looks < PATIENT_LOOKS || clock.monotonic() - behind.since < PATIENT_MS;
    if (isPatient) return nothing(head);
    behind = null;
    const gone = list.rewind(head.number);
    const removed = new Map(gone.map(({ hash, number }) => [hash, number]));
    return { ...nothing(head), removed };
  };

  return {
    look: async (options) => {
      const head = await questions.head(options);
      const { tip } = list;
      if (!tip) return adopt(head, [head], true);
      if (head.hash === tip.hash) {
        behind = null;
        rival = null;
        return nothing(head);
      }
      if (list.has(head.hash)) return beBehind(head);
      if (head.number <= tip.number) {
        rival = { height: head.number, looks: (rival?.looks ?? 0) + 1 };
        if (rival.looks < RIVAL_LOOKS) return nothing(head);
      }
      const branch = await branchTo(head, options);
      return branch ? adopt(head, branch.blocks, !branch.joins) : nothing(head);
    },
  };
};
