import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";
import { readCeremonyRoles } from "../crypto/frost/ceremony-roles.ts";
import { concludeCeremony } from "../crypto/frost/conclude-ceremony.ts";
import { ceremonyOf, type GroupPlan } from "../crypto/frost/group-plan.ts";
import {
  type GroupRecord,
  groupRecordSchema,
  type GroupStatement,
} from "../crypto/frost/group-record.ts";
import { type SignedMessage, signedMessageSchema } from "../crypto/frost/signed-message.ts";
import { verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { AskGroup } from "./ask-group.ts";
import { canBecome, isGroupOf, ownerOf, stayingIn } from "./group-fit.ts";
import type { Membership } from "./membership.ts";
import type { QuorumFeed, QuorumMember } from "./quorum-feed.ts";
import type { GroupStep } from "./quorum-messages.ts";
import type { FollowedFeed } from "./quorum-follower.ts";

/** A record with what it says. */
interface Known {
  readonly record: GroupRecord;
  readonly statement: GroupStatement;
}

/** Makes a feed's group what the configuration says. Nothing here is trusted: enclaves judge each step by themselves. */
export interface GroupKeeper {
  /**
   * The group of exactly the feed's members and threshold, none of whom may be away. Where one of them holds it already,
   * the others are told. Where there is a group of other members, those that stay deal new shares of its key, which
   * stays, and those that left are told to delete theirs. Where there is none, all make a key.
   * Throws `QUORUM_MEMBER_REFUSED`, `FROST_*` (`FROST_COMPLAINT` names who is at fault), `BUS_*`.
   */
  keep(feed: FollowedFeed, options: { readonly signal: AbortSignal }): Promise<GroupRecord>;
}

export const createGroupKeeper = (parts: {
  readonly self: string;
  readonly ask: AskGroup;
  readonly membership: Membership;
  readonly log: Log;
  /** Every host that the configuration knows, those that left a feed among them. */
  readonly hosts: readonly QuorumMember[];
  /** 32 fresh bytes in hex. */
  readonly freshNonce: () => string;
}): GroupKeeper => {
  const { self, ask, membership, log, hosts } = parts;

  const evidenceOf = async (
    feed: FollowedFeed,
    member: QuorumMember,
    signal: AbortSignal,
  ): Promise<Evidence> =>
    member.id === self ? feed.evidence() : await membership.admit(feed, member, { signal });

  /** The member's Ed25519 key that its evidence binds; the enclaves check it once more. */
  const keyOf = (feed: QuorumFeed, member: QuorumMember, own: readonly string[]): KeyRecord => {
    const key = member.keys.find(
      ({ suite, keyid }) =>
        suite === "ed25519" &&
        (member.id === self ? own.includes(keyid) : membership.binds(feed, member, keyid)),
    );
    if (key) return key;
    const reason = "its evidence binds no Ed25519 key of the configuration";
    throw fabricError("QUORUM_MEMBER_REFUSED", { member: member.id, reason });
  };

  /** The same step of all of these members at the same time, in their order. */
  const askAll = (
    feed: FollowedFeed,
    ids: readonly string[],
    step: GroupStep,
    content: object,
    signal: AbortSignal,
  ): Promise<SignedMessage[]> =>
    Promise.all(
      ids.map(async (id) =>
        signedMessageSchema.parse(JSON.parse(await ask(feed, id, step, content, signal))),
      ),
    );

  /** What each member holds; null where that is nothing that could be this feed's group. */
  const heldBy = async (
    feed: FollowedFeed,
    member: string,
    signal: AbortSignal,
  ): Promise<Known | null> => {
    const body: unknown = JSON.parse(await ask(feed, member, "held", {}, signal));
    if (body === null) return null;
    try {
      const record = groupRecordSchema.parse(body);
      const statement = verifyGroupRecord(record);
      if (isGroupOf(feed, statement) || canBecome(feed, statement)) return { record, statement };
    } catch (error) {
      const { code } = toWire(error);
      log.warn("a member shows no right group", { feed: feed.feed, member, code });
    }
    return null;
  };

  /** Gives a record to hosts that wait for it or left; one that cannot take it now is told another time. */
  const tell = async (
    feed: FollowedFeed,
    ids: readonly string[],
    content: { readonly record: GroupRecord; readonly evidence: readonly Evidence[] },
    signal: AbortSignal,
  ): Promise<void> => {
    await Promise.all(
      ids.map(async (id) => {
        try {
          await ask(feed, id, "finish", content, signal);
        } catch (error) {
          signal.throwIfAborted();
          const { code, message: reason } = toWire(error);
          log.warn("a host was not told of its group", { feed: feed.feed, host: id, code, reason });
        }
      }),
    );
  };

  /** One ceremony, from its plan to the record. */
  const hold = async (
    feed: FollowedFeed,
    evidence: readonly Evidence[],
    previous: Known | null,
    dealers: readonly number[],
    signal: AbortSignal,
  ): Promise<GroupRecord> => {
    const { threshold, members } = feed;
    const ids = members.map(({ id }) => id);
    const plan: GroupPlan = {
      format: "cryptlet-group-plan/v1",
      group: feed.feed,
      epoch: previous ? previous.statement.epoch + 1 : 0,
      threshold,
      members: members.map((member) => keyOf(feed, member, feed.ownKeyids())),
      reshare: previous && { record: previous.record, dealers: [...dealers] },
      nonce: parts.freshNonce(),
    };
    const roles = readCeremonyRoles(plan);
    const ceremony = ceremonyOf(plan);
    const dealing = roles.dealers.flatMap(({ key }) => ownerOf(feed, key.keyid) ?? []);
    const joins = await askAll(feed, ids, "join", { plan, evidence }, signal);
    const deals = await askAll(feed, dealing, "deal", { ceremony, joins }, signal);
    const answers = await askAll(feed, ids, "receive", { ceremony, joins, deals }, signal);
    const record = await concludeCeremony(roles, { joins, deals, answers });
    // Here first: whoever asks next finds it, whatever becomes of the others' answers.
    await ask(feed, self, "finish", { record }, signal);
    const left = (previous?.statement.members ?? []).flatMap(({ key }) =>
      ownerOf(feed, key.keyid) === null ? (ownerOf({ members: hosts }, key.keyid) ?? []) : [],
    );
    const others = [...ids, ...left].filter((id) => id !== self);
    await tell(feed, others, { record, evidence }, signal);
    return record;
  };

  return {
    keep: async (feed, { signal }) => {
      const { members } = feed;
      const evidence = await Promise.all(members.map((each) => evidenceOf(feed, each, signal)));
      const found = await Promise.all(
        members.map(async ({ id }) => ({ id, held: await heldBy(feed, id, signal) })),
      );
      const [newest] = found
        .flatMap(({ held }) => held ?? [])
        .toSorted((a, b) => b.statement.epoch - a.statement.epoch);
      if (!newest) {
        const record = await hold(feed, evidence, null, [], signal);
        const { address: key } = verifyGroupRecord(record).key;
        log.info("the members made a group key", { feed: feed.feed, key });
        return record;
      }
      const { record, statement } = newest;
      const behind = found.filter(({ held }) => held?.record.statement !== record.statement);
      const ids = behind.map(({ id }) => id);
      if (isGroupOf(feed, statement)) {
        await tell(feed, ids, { record, evidence }, signal);
        return record;
      }
      // One that waits for this record, or left before it, must know it before it can take part in the next.
      const late = behind.filter(
        ({ id, held }) =>
          held || statement.members.some(({ key }) => ownerOf(feed, key.keyid) === id),
      );
      await tell(
        feed,
        late.map(({ id }) => id),
        { record, evidence },
        signal,
      );
      const dealers: number[] = [];
      for (const { index, key } of stayingIn(feed, statement)) {
        const owner = ownerOf(feed, key.keyid);
        const isLate = late.some(({ id }) => id === owner);
        const held = isLate && owner !== null ? await heldBy(feed, owner, signal) : newest;
        if (held?.record.statement === record.statement) dealers.push(index);
      }
      const next = await hold(feed, evidence, newest, dealers, signal);
      const { epoch, key } = verifyGroupRecord(next);
      log.info("the group's key got new shares", {
        feed: feed.feed,
        key: key.address,
        epoch,
        members: members.map(({ id }) => id),
      });
      return next;
    },
  };
};
