import type { BatchItem } from "../../enclave-sim/host/batch-request.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { bindingOf } from "../bindings/binding.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest, FeedId, RunId } from "../core/ids.ts";
import { type Evidence, parseBundle } from "../envelope/bundle.ts";
import { findBundle } from "../store/envelopes.ts";
import { latestRound, type RoundRow } from "../store/rounds.ts";
import type { PublishReason } from "../triggers/publish-reason.ts";
import type { BatchDefinition } from "./batch-definition.ts";
import { createBatchListing, type MemberRound } from "./batch-listing.ts";
import { commitSealed, type RoundCommitParts } from "./commit-sealed.ts";
import type { FeedRunner, RunCause } from "./feed-runner.ts";
import { recordRun } from "./record-run.ts";
import { OWN_EPOCH } from "./round-sealer.ts";

/** Everything that a batch's rounds need. */
export interface BatchRunnerParts extends RoundCommitParts {
  readonly batch: BatchDefinition;
  readonly cryptlet: LoadedCryptlet;
  /** What stands behind the Cryptlet's keys now. */
  readonly evidence: () => Evidence;
}

interface Member extends MemberRound {
  readonly newest: RoundRow | null;
}

/** Both forms of members' newest rounds, read once for each round. */
const createItemReader = ({ store }: Pick<BatchRunnerParts, "store">) => {
  const known = new Map<
    FeedId,
    { readonly digest: Digest; readonly item: Omit<BatchItem, "listed"> }
  >();
  return async (feed: FeedId, digest: Digest): Promise<Omit<BatchItem, "listed">> => {
    const kept = known.get(feed);
    if (kept?.digest === digest) return kept.item;
    const found = await findBundle(store.db, digest);
    const { envelope, onchain } = found ? parseBundle(found.bundleJson) : {};
    if (!envelope || !onchain) throw fabricError("ENVELOPE_UNKNOWN", { digest });
    known.set(feed, { digest, item: { envelope, onchain } });
    return { envelope, onchain };
  };
};

/**
 * Rounds of one batch: the newest round of each member under one signature, made when a member changed or the heartbeat
 * asks for it, and committed like any other feed's. What it writes out for storing contracts is what changed since.
 */
export const createBatchRunner = (parts: BatchRunnerParts): FeedRunner => {
  const { batch, cryptlet, store, clock, events, metrics } = parts;
  const { feed, members, settings } = batch;
  const itemOf = createItemReader(parts);
  const listing = createBatchListing(
    (target) => bindingOf(feed.bindings, { feed: feed.id, ...target }).form ?? "single",
  );
  events.subscribe((event) => {
    if (event.type === "delivery" && event.delivery.feed === feed.id) listing.ended(event.delivery);
  });

  const readMembers = async (): Promise<readonly Member[]> =>
    await Promise.all(
      members.map(async ({ id }) => ({ feed: id, newest: await latestRound(store.db, id) })),
    );

  /** What is written out, and why a batch is made; null when none is. */
  const decide = (
    all: readonly Member[],
    previous: RoundRow | null,
  ): { readonly listed: ReadonlySet<FeedId>; readonly reason: PublishReason } | null => {
    const now = clock.now();
    const changed = listing.changed(all, now, settings.maxListed);
    if (changed.length > 0)
      return { listed: new Set(changed), reason: previous ? "deviation" : "first" };
    const age = now - (previous?.issuedAt ?? 0);
    if (age >= 0 && age + settings.intervalMs <= settings.heartbeatMs) return null;
    // Nothing changed: the youngest says that the batch goes on.
    const [youngest] = all
      .flatMap((member) => (member.newest && member.newest.validUntil > now ? [member.newest] : []))
      .toSorted((a, b) => b.observedAt - a.observedAt);
    return youngest ? { listed: new Set([youngest.feed]), reason: "heartbeat" } : null;
  };

  const publish = async (
    run: RunId,
    cause: RunCause,
    [all, listed, previous]: readonly [readonly Member[], ReadonlySet<FeedId>, RoundRow | null],
    signal: AbortSignal | undefined,
  ): Promise<number> => {
    const round = (previous?.round ?? 0) + 1;
    const items = await Promise.all(
      all.map(async ({ feed: id, newest }) =>
        newest === null
          ? null
          : { ...(await itemOf(id, newest.envelopeDigest)), listed: listed.has(id) },
      ),
    );
    const signed = await cryptlet.signBatch(
      {
        sign: {
          runId: run,
          feed: feed.id,
          round,
          epoch: OWN_EPOCH,
          previous: previous?.envelopeDigest ?? null,
        },
        trigger: cause.id,
        items,
      },
      signal ? { signal } : {},
    );
    const sealed = {
      signed,
      keys: cryptlet.keys,
      evidence: [parts.evidence()] as const,
      mayLeaveGap: false,
    };
    await commitSealed(parts, sealed, { receipt: null, end: { id: run, transcript: null } });
    listing.carried(
      round,
      all.filter(({ feed: id }) => listed.has(id)),
    );
    return round;
  };

  return {
    async run(cause, options) {
      const [all, previous] = [await readMembers(), await latestRound(store.db, feed.id)];
      const decided = decide(all, previous);
      if (decided === null) return { status: "unchanged" };
      // A run of no Cryptlet: its row says when the batch was asked for and what became of it.
      const end = await recordRun(parts, {
        feed: feed.id,
        trigger: cause.id,
        failedTranscript: async () => null,
        work: async (run) => {
          const round = await publish(run, cause, [all, decided.listed, previous], options?.signal);
          metrics.runs.inc({ feed: feed.id, outcome: "published" });
          metrics.rounds.inc({ feed: feed.id, reason: decided.reason });
          return { status: "published" as const, round };
        },
      });
      return end.status === "ended" ? end.result : end;
    },
  };
};
