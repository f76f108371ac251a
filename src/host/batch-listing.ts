import type { BindingForm } from "../bindings/binding.ts";
import type { FeedId } from "../core/ids.ts";
import type { RoundRow } from "../store/rounds.ts";
import type { DeliveryView } from "./fabric.ts";

/** A member with its newest round; null while it has none. */
export interface MemberRound {
  readonly feed: FeedId;
  readonly newest: Pick<RoundRow, "round" | "observedAt" | "validUntil"> | null;
}

/**
 * Remembers which round of each member a batch wrote out, so that the next one writes what changed since. A batch that a
 * storing contract did not take gives its members back: what was in it is written out again.
 */
export interface BatchListing {
  /** Members that changed since they were written out, longest waiting first, at most `limit`. */
  changed(members: readonly MemberRound[], now: number, limit: number): readonly FeedId[];
  /** A batch wrote these out. */
  carried(batchRound: number, members: readonly MemberRound[]): void;
  /** A delivery of the batch ended. */
  ended(delivery: Pick<DeliveryView, "round" | "status" | "chain" | "contract">): void;
}

/** Batches of which is known what they wrote out; an older one ended long ago. */
const MAX_BATCHES = 1_024;

/** `formAt` says how a contract keeps the batch: for one that keeps the root alone nothing is written out. */
export const createBatchListing = (
  formAt: (target: Pick<DeliveryView, "chain" | "contract">) => BindingForm,
): BatchListing => {
  const written = new Map<FeedId, number>();
  const batches = new Map<number, readonly (readonly [FeedId, number])[]>();
  return {
    changed: (members, now, limit) =>
      members
        .flatMap(({ feed, newest }) =>
          newest && newest.validUntil > now && newest.round > (written.get(feed) ?? 0)
            ? [{ feed, observedAt: newest.observedAt }]
            : [],
        )
        .toSorted((a, b) => a.observedAt - b.observedAt)
        .slice(0, limit)
        .map(({ feed }) => feed),
    carried: (batchRound, members) => {
      const rounds = members.flatMap(({ feed, newest }) =>
        newest ? [[feed, newest.round] as const] : [],
      );
      for (const [feed, round] of rounds) written.set(feed, round);
      batches.set(batchRound, rounds);
      const [oldest] = batches.keys();
      if (batches.size > MAX_BATCHES && oldest !== undefined) batches.delete(oldest);
    },
    ended: ({ round, status, ...target }) => {
      if (status !== "failed" && status !== "superseded") return;
      const form = formAt(target);
      if (form === "root" || form === "single") return;
      for (const [feed, member] of batches.get(round) ?? [])
        if (written.get(feed) === member) written.delete(feed);
    },
  };
};
