import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { checkBundleQuorum } from "../coordinator/bundle-quorum.ts";
import type { QuorumFeed, QuorumMember } from "../coordinator/quorum-feed.ts";
import { rankMembers } from "../coordinator/leader-rank.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, type FabricId, type FeedId } from "../core/ids.ts";
import { createVerifyingKey, keyRecordSchema } from "../crypto/key-record.ts";
import { parseBundle } from "../envelope/bundle.ts";
import type { TrustPolicy } from "../envelope/trust-policy.ts";
import { roundSubject } from "./round-message.ts";
import { trustOwnKeys } from "./trust-own-keys.ts";

/** A feed with a quorum, and the Cryptlet that signs it here. */
export interface ServedQuorumFeed {
  readonly quorum: QuorumFeed;
  readonly cryptlet: LoadedCryptlet;
  readonly windowMs: number;
  /** Whether the members sign as a group besides. */
  readonly hasGroup: boolean;
}

/** Members of the configuration with their keys checked. Throws `QUORUM_MEMBER_REFUSED`. */
export const readQuorumMembers = (
  members: NonNullable<FabricConfig["quorum"]>["members"],
): readonly QuorumMember[] =>
  members.map(({ id, keys }) => {
    const records = keys.map((key) => {
      const parsed = keyRecordSchema.safeParse(key);
      try {
        if (parsed.success) return createVerifyingKey(parsed.data).record;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : "its key is wrong";
        throw fabricError("QUORUM_MEMBER_REFUSED", { member: id, reason }, { cause });
      }
      throw fabricError("QUORUM_MEMBER_REFUSED", { member: id, reason: "its key is wrong" });
    });
    return { id, keys: records };
  });

/** The feeds of the configuration that several hosts sign. Throws `QUORUM_MEMBER_REFUSED`. */
export const readQuorumFeeds = (
  config: FabricConfig,
  feeds: ReadonlyMap<FeedId, { readonly cryptlet: LoadedCryptlet }>,
): ReadonlyMap<FeedId, ServedQuorumFeed> => {
  const served = new Map<FeedId, ServedQuorumFeed>();
  if (!config.quorum) return served;
  const known = readQuorumMembers(config.quorum.members);
  const members = new Map(known.map((member) => [member.id, member]));
  for (const { id, quorum } of config.feeds) {
    const cryptlet = feeds.get(id)?.cryptlet;
    if (!quorum || !cryptlet) continue;
    served.set(id, {
      quorum: {
        feed: id,
        members: quorum.members.flatMap((name) => members.get(name) ?? []),
        threshold: quorum.threshold,
        timeoutMs: quorum.timeoutMs,
        measurement: cryptlet.measurement,
      },
      cryptlet,
      windowMs: quorum.windowMs,
      hasGroup: quorum.group,
    });
  }
  return served;
};

/** Whom this host believes about rounds on the bus. */
export interface RoundTrust {
  /** What a message of this subject must be signed with. */
  policyFor(subject: string): TrustPolicy;
  /** What a policy cannot say: members are counted, and not keys. Throws `THRESHOLD_NOT_MET`, `BUNDLE_MALFORMED`. */
  checkMembers(subject: string, bundle: Uint8Array): void;
}

/**
 * A feed with a quorum takes as many of its members' keys as the threshold says, and nothing on another subject: one
 * member's signature is no round.
 */
export const trustRounds = (
  fabric: FabricId,
  cryptlets: Iterable<LoadedCryptlet>,
  feeds: Iterable<FeedId>,
  quorums: ReadonlyMap<FeedId, ServedQuorumFeed>,
): RoundTrust => {
  const own = trustOwnKeys(fabric, cryptlets);
  const alone = quorums.size === 0 ? null : [...feeds].filter((feed) => !quorums.has(feed));
  const others: TrustPolicy = {
    ...own,
    keys: own.keys.map((entry) => ({ ...entry, scope: { ...entry.scope, feeds: alone } })),
  };
  const bySubject = new Map(
    [...quorums].map(([feed, { quorum, cryptlet }]) => {
      const scope = {
        fabrics: [fabric],
        cryptlets: [cryptletIdSchema.parse(cryptlet.id)],
        feeds: [feed],
      };
      const keys = quorum.members.flatMap((member) => member.keys);
      const policy: TrustPolicy = {
        ...own,
        id: `quorum-${feed}`,
        threshold: quorum.threshold,
        keys: keys.map((key) => ({ key, scope, notBefore: null, notAfter: null })),
      };
      return [roundSubject(fabric, feed), { policy, quorum }] as const;
    }),
  );
  return {
    policyFor: (subject) => bySubject.get(subject)?.policy ?? others,
    checkMembers: (subject, bundle) => {
      const known = bySubject.get(subject);
      if (known) checkBundleQuorum(parseBundle(bundle), known.quorum);
    },
  };
};

/**
 * How long this host leaves a round that another one made to that one: longer the later its turn is, so that when a
 * host is gone one other delivers and not all of them.
 */
export const holdOf = (
  { quorum }: FabricConfig,
  quorums: ReadonlyMap<FeedId, ServedQuorumFeed>,
): ((feed: FeedId) => number) => {
  const holds = new Map<FeedId, number>();
  if (quorum)
    for (const [feed, { quorum: of }] of quorums) {
      const ranking = rankMembers(
        feed,
        of.members.map(({ id }) => id),
      );
      holds.set(feed, quorum.deliverAfterMs * (1 + Math.max(0, ranking.indexOf(quorum.host))));
    }
  return (feed) => holds.get(feed) ?? 0;
};
