import type { Bus } from "../bus/bus.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { aggregateShares, isShareRight } from "../crypto/frost/aggregate-shares.ts";
import type { GroupRecord, GroupStatement } from "../crypto/frost/group-record.ts";
import { type SignedMessage, signedMessageSchema } from "../crypto/frost/signed-message.ts";
import {
  checkCommitment,
  openSigningSession,
  type SigningSession,
} from "../crypto/frost/signing-session.ts";
import { verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import { keccak256 } from "../crypto/hashes.ts";
import { preAuthEncoding } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import { createAskGroup } from "./ask-group.ts";
import { createGroupKeeper, type GroupKeeper } from "./group-keeper.ts";
import type { Membership } from "./membership.ts";
import { memberOf, type QuorumFeed, type QuorumMember } from "./quorum-feed.ts";
import type { FollowedFeed } from "./quorum-follower.ts";
import type { GroupStep } from "./quorum-messages.ts";
import type { Statement } from "./statement.ts";

/** Tries of one signature, each without the members that spoiled the one before. */
const MAX_TRIES = 3;
/** A member that refuses so was away when its ceremony ended, and waits for the record. */
const BEHIND = new Set(["FROST_GROUP_UNKNOWN", "FROST_EPOCH_WRONG"]);

/** The members' group as its leader works with it. Nothing here is trusted: enclaves judge each step by themselves. */
export interface GroupSession extends GroupKeeper {
  /**
   * The group's signature over the tuple of a statement that these members endorsed. A member whose commitment or share
   * is wrong is named, left out, and the next of `members` asked instead. Null when too few are left: then the list of
   * single signatures stands.
   */
  sign(
    feed: FollowedFeed,
    record: GroupRecord,
    statement: Statement,
    options: { readonly members: () => readonly string[]; readonly signal: AbortSignal },
  ): Promise<Uint8Array | null>;
}

/** Number of a member in the group; 0 where it has no share. */
const indexOf = (feed: QuorumFeed, { members }: GroupStatement, id: string): number =>
  members.find(({ key }) => memberOf(feed, id)?.keys.some(({ keyid }) => keyid === key.keyid))
    ?.index ?? 0;

/** What a member answered, judged by itself: only its own word may count against it. */
interface Answer {
  readonly member: string;
  readonly message: SignedMessage;
}

export const createGroupSession = (parts: {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly self: string;
  readonly membership: Membership;
  readonly log: Log;
  /** Every host that the configuration knows, those that left a feed among them. */
  readonly hosts: readonly QuorumMember[];
  /** 32 fresh bytes in hex. */
  readonly freshNonce: () => string;
}): GroupSession => {
  const { log } = parts;
  const ask = createAskGroup(parts);
  const keeper = createGroupKeeper({ ...parts, ask });

  const trySigning = async (
    feed: FollowedFeed,
    record: GroupRecord,
    group: GroupStatement,
    { text, digest }: Statement,
    message: Uint8Array,
    signers: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly signature: Uint8Array | null; readonly spoilers: readonly string[] }> => {
    const spoilers = new Set<string>();
    const { epoch } = group;

    const request = async (member: string, step: GroupStep, content: object): Promise<Answer> => {
      const body = await ask(feed, member, step, content, signal);
      return { member, message: signedMessageSchema.parse(JSON.parse(body)) };
    };
    const requestCommitment = async (member: string): Promise<Answer> => {
      const asked = { epoch, digest };
      const answer = await request(member, "commit", asked).catch(async (error: unknown) => {
        if (!BEHIND.has(toWire(error).code)) throw error;
        await ask(feed, member, "finish", { record }, signal);
        return await request(member, "commit", asked);
      });
      const index = checkCommitment(group, answer.message);
      if (index !== indexOf(feed, group, member))
        throw fabricError("FROST_COMMITMENTS_INVALID", { reason: "it is another member's" });
      return answer;
    };
    const gather = async (work: (member: string) => Promise<Answer>): Promise<Answer[]> => {
      const one = async (member: string): Promise<Answer[]> => {
        try {
          return [await work(member)];
        } catch (error) {
          signal.throwIfAborted();
          spoilers.add(member);
          const { code } = toWire(error);
          log.warn("a member does not sign with its group", { feed: feed.feed, member, code });
          return [];
        }
      };
      return (await Promise.all(signers.map(one))).flat();
    };
    const nothing = () => ({ signature: null, spoilers: [...spoilers] });

    const isRight = (session: SigningSession, { member, message: share }: Answer): boolean => {
      try {
        const own = memberOf(feed, member)?.keys.some(({ keyid }) => keyid === share.keyid);
        return own === true && isShareRight(session, share);
      } catch {
        return false;
      }
    };

    const committed = await gather(requestCommitment);
    if (spoilers.size > 0) return nothing();
    const commitments = committed.map((each) => each.message);
    const session = openSigningSession(group, commitments, message);
    const content = { epoch, statement: text, commitments };
    const shares = await gather((member) => request(member, "share", content));
    if (spoilers.size > 0) return nothing();
    try {
      const all = shares.map((each) => each.message);
      return { signature: aggregateShares(session, all).signature, spoilers: [] };
    } catch (error) {
      // Group record, commitments and the signed share are the proof.
      for (const share of shares) if (!isRight(session, share)) spoilers.add(share.member);
      if (spoilers.size === 0) throw error;
      log.error("a member's share of the group's signature is wrong", {
        feed: feed.feed,
        members: [...spoilers],
      });
      return nothing();
    }
  };

  return {
    keep: keeper.keep,
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
          const tried = await trySigning(feed, record, group, statement, message, signers, signal);
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
