import { randomBytes } from "node:crypto";
import { createGroupSession } from "../coordinator/group-session.ts";
import { createMembership } from "../coordinator/membership.ts";
import { type Lease, leaseStream, startLease } from "../coordinator/lease.ts";
import { leaseNameOf, rankMembers } from "../coordinator/leader-rank.ts";
import { type FollowedFeed, startQuorumFollower } from "../coordinator/quorum-follower.ts";
import { createQuorumLeader } from "../coordinator/quorum-leader.ts";
import { createStatementBook } from "../coordinator/statement-book.ts";
import type { Bus } from "../bus/bus.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Store } from "../store/store.ts";
import { commitSealed } from "./commit-sealed.ts";
import { createEndorsingRuns, latestOf } from "./endorsing-runs.ts";
import type { EvidenceRenewal } from "./evidence-renewal.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { QuorumDirectory } from "./fabric.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { ServedFeedEntry } from "./feed-directory.ts";
import { createGroupPart } from "./group-part.ts";
import { createGroupSealer } from "./group-sealer.ts";
import { startRoundImport } from "./import-rounds.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import { createMemberAppraiser } from "./member-appraiser.ts";
import { readQuorumMembers, type RoundTrust, type ServedQuorumFeed } from "./quorum-feeds.ts";
import { createQuorumSealer, type QuorumSealer } from "./quorum-sealer.ts";
import type { Teardown } from "./teardown.ts";
import type { TranscriptKeeper } from "./transcript-keeper.ts";

/** How long a member may take to show its evidence, ms. */
const INTRODUCE_MS = 5_000;

/** This host's part in the rounds that several hosts sign. */
export interface QuorumDesk extends QuorumDirectory {
  /** Null for a feed that this host signs alone. */
  sealer(feed: FeedId): QuorumSealer | null;
}

export interface QuorumParts {
  readonly feeds: ReadonlyMap<FeedId, ServedFeedEntry>;
  readonly quorums: ReadonlyMap<FeedId, ServedQuorumFeed>;
  readonly trust: RoundTrust;
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly metrics: FabricMetrics;
  readonly latest: LatestRounds;
  readonly transcripts: TranscriptKeeper;
  readonly renewal: Pick<EvidenceRenewal, "of">;
  readonly teardown: Teardown;
  readonly onCommitted: () => void;
}

const ALONE: QuorumDesk = { sealer: () => null, list: () => [] };

/**
 * Starts what rounds of several hosts need: answering other members, the import of their rounds, and the leases. A host
 * without such feeds starts nothing.
 */
export const startQuorum = async (
  config: FabricConfig,
  parts: QuorumParts,
): Promise<QuorumDesk> => {
  const { bus, store, clock, log, quorums, teardown } = parts;
  const { fabric, quorum } = config;
  if (!quorum || quorums.size === 0) return ALONE;
  const self = quorum.host;
  await bus.ensureStream(leaseStream(fabric));
  const appraise = await createMemberAppraiser(quorum, clock);
  // Times between machines' steps are the machine's own, whatever clock the fabric runs on.
  const timing = { clock: systemClock, timeoutMs: INTRODUCE_MS };
  const membership = createMembership({ bus, fabric, appraise, ...timing });
  const book = createStatementBook(store, () => clock.now());
  const leader = createQuorumLeader({ bus, fabric, self, membership, log });
  const session = createGroupSession({
    bus,
    fabric,
    self,
    membership,
    log,
    hosts: readQuorumMembers(quorum.members),
    freshNonce: () => randomBytes(32).toString("hex"),
  });

  const followed = new Map<FeedId, FollowedFeed>();
  for (const [id, { quorum: feed, cryptlet, hasGroup }] of quorums) {
    const served = parts.feeds.get(id);
    if (!served) continue;
    followed.set(id, {
      ...feed,
      evidence: () => parts.renewal.of(cryptlet),
      ownKeyids: () => cryptlet.keys.map(({ keyid }) => keyid),
      group: hasGroup ? createGroupPart(feed, cryptlet, book, systemClock) : null,
      endorse: createEndorsingRuns({ ...parts, self, served }),
      latest: () => latestOf(store, id),
    });
  }
  const follower = await startQuorumFollower({
    bus,
    fabric,
    self,
    feeds: followed,
    membership,
    book,
    log,
  });
  teardown.push(() => follower.stop());

  const imports = await startRoundImport({
    ...parts,
    fabric,
    self,
    feeds: new Set(quorums.keys()),
    onRecord: (feed, round) => book.forget(feed, round),
  });
  teardown.push(() => imports.stop());

  const leases = new Map<string, Lease>();
  const leaseOf = (feed: FeedId, members: readonly string[]): Lease => {
    const name = leaseNameOf(feed, members);
    const known = leases.get(name);
    if (known) return known;
    const lease = startLease({
      bus,
      fabric,
      name,
      self,
      ranking: rankMembers(name, members),
      leaseMs: quorum.leaseMs,
      clock: systemClock,
      log,
      onChange: (epoch) =>
        log.info(epoch === null ? "lead ended" : "lead begun", { lease: name, epoch }),
    });
    teardown.push(() => lease.stop());
    leases.set(name, lease);
    return lease;
  };

  const sealers = new Map<FeedId, { readonly sealer: QuorumSealer; readonly lease: Lease }>();
  for (const [id, feed] of followed) {
    const served = quorums.get(id);
    if (!served) continue;
    const lease = leaseOf(
      id,
      feed.members.map((member) => member.id),
    );
    const sealer = createQuorumSealer({
      self,
      served,
      lease,
      leader,
      membership,
      book,
      endorse: feed.endorse,
      evidence: feed.evidence,
      signAsGroup: createGroupSealer({ feed, cryptlet: served.cryptlet, session, log }),
      store,
      clock,
      log,
      commit: async (sealed) => {
        await commitSealed({ ...parts, fabric }, sealed);
      },
    });
    sealers.set(id, { sealer, lease });
  }
  const unsubscribe = parts.events.subscribe((event) => {
    if (event.type === "run-failed") sealers.get(event.feed)?.sealer.failed();
  });
  teardown.push(unsubscribe);

  return {
    sealer: (feed) => sealers.get(feed)?.sealer ?? null,
    list: () =>
      [...sealers].map(([feed, { lease }]) => {
        const { holder, epoch } = lease.view();
        const served = followed.get(feed);
        return {
          feed,
          members: served?.members.map(({ id }) => id) ?? [],
          threshold: served?.threshold ?? 0,
          leader: holder,
          epoch,
        };
      }),
  };
};
