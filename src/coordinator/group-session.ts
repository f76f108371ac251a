import type { Bus } from "../bus/bus.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { aggregateShares, findBadShares } from "../crypto/frost/aggregate-shares.ts";
import { ceremonyOf, type GroupPlan } from "../crypto/frost/group-plan.ts";
import type { GroupRecord, GroupStatement } from "../crypto/frost/group-record.ts";
import { type SignedMessage, signedMessageSchema } from "../crypto/frost/signed-message.ts";
import { openSigningSession } from "../crypto/frost/signing-session.ts";
import { createGroupRecord, verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import { keccak256 } from "../crypto/hashes.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { preAuthEncoding } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Membership } from "./membership.ts";
import { memberOf, type QuorumFeed, type QuorumMember } from "./quorum-feed.ts";
import {
  encodeMessage,
  groupAnswerSchema,
  type GroupStep,
  memberSubject,
  parseAnswer,
} from "./quorum-messages.ts";
import type { FollowedFeed } from "./quorum-follower.ts";
import type { Statement } from "./statement.ts";

/** Tries of one signature, each without the members that spoiled the one before. */
const MAX_TRIES = 3;

/** The members' group as its leader works with it. Nothing here is trusted: enclaves judge each step by themselves. */
export interface GroupSession {
  /**
   * Makes the group's key with every member, none of whom may be away.
   * Throws `QUORUM_MEMBER_REFUSED`, `FROST_*`, `BUS_*`.
   */
  create(feed: FollowedFeed, options: { readonly signal: AbortSignal }): Promise<GroupRecord>;
  /**
   * The group's signature over the tuple of a statement that these members endorsed. A member whose share is wrong is
   * named, left out, and the next of `members` asked instead. Null when too few are left: then the list of single
   * signatures stands.
   */
  sign(
    feed: FollowedFeed,
    record: GroupRecord,
    statement: Statement,
    options: { readonly members: () => readonly string[]; readonly signal: AbortSignal },
  ): Promise<Uint8Array | null>;
}

const plainMessage = (body: string): SignedMessage => signedMessageSchema.parse(JSON.parse(body));

/** Number of a member in the group; 0 where it has no share. */
const indexOf = (feed: QuorumFeed, { members }: GroupStatement, id: string): number =>
  members.find(({ key }) => memberOf(feed, id)?.keys.some(({ keyid }) => keyid === key.keyid))
    ?.index ?? 0;

export const createGroupSession = (parts: {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly self: string;
  readonly membership: Membership;
  readonly log: Log;
  /** 32 fresh bytes in hex. */
  readonly freshNonce: () => string;
}): GroupSession => {
  const { bus, fabric, self, membership, log } = parts;

  /** Asks one member, this host among them, for one step. */
  const ask = async (
    feed: FollowedFeed,
    member: string,
    step: GroupStep,
    content: object,
    signal: AbortSignal,
  ): Promise<string> => {
    const body = JSON.stringify(content);
    if (member === self) {
      if (!feed.group)
        throw fabricError("QUORUM_MESSAGE_INVALID", { reason: "the feed has no group" });
      return await feed.group(step, body, { signal });
    }
    const request = encodeMessage({ kind: "group", feed: feed.feed, step, body });
    const options = { timeoutMs: feed.timeoutMs, signal };
    const answer = await bus.request(memberSubject(fabric, member), request, options);
    return parseAnswer(answer, groupAnswerSchema).body;
  };

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
    step: GroupStep,
    content: object,
    signal: AbortSignal,
  ): Promise<SignedMessage[]> =>
    Promise.all(
      feed.members.map(async ({ id }) => plainMessage(await ask(feed, id, step, content, signal))),
    );

  const trySigning = async (
    feed: FollowedFeed,
    group: GroupStatement,
    { text, digest }: Statement,
    message: Uint8Array,
    signers: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly signature: Uint8Array | null; readonly spoilers: readonly string[] }> => {
    const spoilers = new Set<string>();
    const step = async (id: string, name: GroupStep, content: object) => {
      try {
        return [plainMessage(await ask(feed, id, name, content, signal))];
      } catch (error) {
        signal.throwIfAborted();
        spoilers.add(id);
        const { code } = toWire(error);
        log.warn("a member does not sign with its group", { feed: feed.feed, member: id, code });
        return [];
      }
    };
    const { epoch } = group;
    const gather = async (name: GroupStep, content: object): Promise<SignedMessage[]> =>
      (await Promise.all(signers.map((id) => step(id, name, content)))).flat();
    const nothing = () => ({ signature: null, spoilers: [...spoilers] });
    const commitments = await gather("commit", { epoch, digest });
    if (spoilers.size > 0) return nothing();
    const session = openSigningSession(group, commitments, message);
    const shares = await gather("share", { epoch, statement: text, commitments });
    if (spoilers.size > 0) return nothing();
    try {
      return { signature: aggregateShares(session, shares).signature, spoilers: [] };
    } catch (error) {
      if (!isFabricError(error, "FROST_SHARE_BAD")) throw error;
      // Group record, commitments and the signed share are the proof.
      const bad = new Set(findBadShares(session, shares).map(({ keyid }): string => keyid));
      for (const id of signers)
        if (memberOf(feed, id)?.keys.some(({ keyid }) => bad.has(keyid))) spoilers.add(id);
      log.error("a member's share of the group's signature is wrong", {
        feed: feed.feed,
        members: [...spoilers],
      });
      return nothing();
    }
  };

  return {
    create: async (feed, { signal }) => {
      const { threshold, members } = feed;
      const evidence = await Promise.all(members.map((each) => evidenceOf(feed, each, signal)));
      const plan: GroupPlan = {
        format: "cryptlet-group-plan/v1",
        group: feed.feed,
        epoch: 0,
        threshold,
        members: members.map((member) => keyOf(feed, member, feed.ownKeyids())),
        reshare: null,
        nonce: parts.freshNonce(),
      };
      const ceremony = ceremonyOf(plan);
      const joins = await askAll(feed, "join", { plan, evidence }, signal);
      const deals = await askAll(feed, "deal", { ceremony, joins }, signal);
      const confirms = await askAll(feed, "receive", { ceremony, joins, deals }, signal);
      const record = createGroupRecord(confirms);
      await Promise.all(members.map(({ id }) => ask(feed, id, "finish", { record }, signal)));
      log.info("the members made a group key", {
        feed: feed.feed,
        key: verifyGroupRecord(record).key.address,
      });
      return record;
    },
    sign: async (feed, record, statement, { members, signal }) => {
      if (!statement.onchain) return null;
      const group = verifyGroupRecord(record);
      const message = keccak256(preAuthEncoding(OBSERVATION_SOLABI_TYPE, statement.onchain));
      const spoiled = new Set<string>();
      for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
        const signers = members()
          .filter((id) => !spoiled.has(id) && indexOf(feed, group, id) > 0)
          .slice(0, group.threshold);
        if (signers.length < group.threshold) return null;
        try {
          const tried = await trySigning(feed, group, statement, message, signers, signal);
          if (tried.signature) return tried.signature;
          for (const id of tried.spoilers) spoiled.add(id);
        } catch (error) {
          signal.throwIfAborted();
          log.warn("the group's signature failed", { feed: feed.feed, error });
          return null;
        }
      }
      return null;
    },
  };
};
