import type { Bus, Subscription } from "../bus/bus.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Digest, FabricId, FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Membership } from "./membership.ts";
import { memberOf, type QuorumFeed, type QuorumMember } from "./quorum-feed.ts";
import {
  encodeMessage,
  type GroupStep,
  MAX_MESSAGE_BYTES,
  MAX_RECOVERED,
  type MemberSignature,
  memberSubject,
  parseRequest,
  type QuorumRequest,
} from "./quorum-messages.ts";
import type { StatementBook } from "./statement-book.ts";
import { readSignedStatement, type Statement } from "./statement.ts";

/** Requests that are answered at the same time; a flood waits nowhere. */
const MAX_UNDER_WAY = 64;

/** What a follower does for one feed. */
export interface FollowedFeed extends QuorumFeed {
  /** Evidence of the enclave that signs here. */
  readonly evidence: () => Evidence;
  /** Ids of the keys that it signs with. */
  readonly ownKeyids: () => readonly string[];
  /**
   * Runs the Cryptlet with this host's own sources and asks its enclave to sign the statement. Throws what run and
   * enclave refuse with.
   */
  readonly endorse: (
    statement: Statement,
    leader: string,
    options: { readonly signal: AbortSignal },
  ) => Promise<MemberSignature>;
  /** Takes part in the members' group; null where there is none. Gives JSON text. */
  readonly group:
    | ((
        step: GroupStep,
        body: string,
        options: { readonly signal: AbortSignal },
      ) => Promise<string>)
    | null;
  readonly latest: () => Promise<{
    readonly round: number;
    readonly envelopeDigest: Digest;
  } | null>;
}

/** Answers other members. */
export interface QuorumFollower {
  stop(): Promise<void>;
}

/**
 * Answers what members ask of this host. Whoever can write to the bus can ask; only a statement that a member's attested
 * enclave signed makes this host run anything, once per statement, one at a time per feed.
 */
export const startQuorumFollower = async (parts: {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly self: string;
  readonly feeds: ReadonlyMap<FeedId, FollowedFeed>;
  readonly membership: Membership;
  readonly book: StatementBook;
  readonly log: Log;
}): Promise<QuorumFollower> => {
  const { bus, self, feeds, membership, book, log } = parts;
  const halt = new AbortController();
  const { signal } = halt;
  const endorsing = new Map<
    FeedId,
    { readonly digest: Digest; readonly work: Promise<MemberSignature> }
  >();
  let underWay = 0;

  const followed = (feed: FeedId): FollowedFeed => {
    const known = feeds.get(feed);
    if (!known) throw fabricError("FEED_NOT_SERVED", { feed });
    return known;
  };
  const memberIn = (feed: QuorumFeed, id: string): QuorumMember => {
    const member = memberOf(feed, id);
    if (!member || id === self)
      throw fabricError("QUORUM_MEMBER_UNKNOWN", { member: id, feed: feed.feed });
    return member;
  };

  const endorse = async (
    feed: FollowedFeed,
    statement: Statement,
    leader: MemberSignature,
  ): Promise<MemberSignature> => {
    const { round } = statement.observation.subject;
    try {
      const signature = await feed.endorse(statement, leader.member, { signal });
      // Before it leaves: a leader that dies now may have made the round of it.
      await book.keep(feed.feed, { statement, signatures: [leader, signature] });
      log.debug("round endorsed", { feed: feed.feed, round, leader: leader.member });
      return signature;
    } catch (error) {
      const { code, message } = toWire(error);
      log[code === "VALUE_OUT_OF_TOLERANCE" ? "error" : "info"]("round not endorsed", {
        feed: feed.feed,
        round,
        leader: leader.member,
        code,
        reason: message,
      });
      throw error;
    }
  };

  const propose = async (
    request: Extract<QuorumRequest, { kind: "propose" }>,
  ): Promise<Uint8Array> => {
    const feed = followed(request.feed);
    const { leader } = request;
    const member = memberIn(feed, leader.member);
    const statement = readSignedStatement(request.statement, leader, member);
    const { subject } = statement.observation;
    if (subject.feed !== feed.feed)
      throw fabricError("QUORUM_MESSAGE_INVALID", {
        reason: `the statement is of ${subject.feed}`,
      });
    await membership.admit(feed, member, { signal });
    membership.checkKeys(feed, leader);
    const before = await book.find(feed.feed, statement.digest);
    const given = before?.signatures.find((each) => each.member === self);
    if (given) return encodeMessage({ signature: given });
    const latest = await feed.latest();
    const { round } = subject;
    if (latest && round <= latest.round)
      throw fabricError("ENDORSEMENT_REFUSED", {
        feed: feed.feed,
        round,
        field: "round",
        reason: `round ${latest.round} is on record`,
      });
    const running = endorsing.get(feed.feed);
    if (running && running.digest !== statement.digest)
      throw fabricError("QUORUM_BUSY", { limit: 1 });
    const work = running?.work ?? endorse(feed, statement, leader);
    if (!running) {
      endorsing.set(feed.feed, { digest: statement.digest, work });
      const forget = (): void => void endorsing.delete(feed.feed);
      work.then(forget, forget);
    }
    return encodeMessage({ signature: await work });
  };

  const recover = async (
    request: Extract<QuorumRequest, { kind: "recover" }>,
  ): Promise<Uint8Array> => {
    followed(request.feed);
    const known = await book.above(request.feed, request.after, MAX_RECOVERED);
    const statements: { statement: string; signatures: MemberSignature[] }[] = [];
    let size = 0;
    for (const { statement, signatures } of known) {
      size += 2 * statement.payload.length + 1_024 * signatures.length;
      if (size > MAX_MESSAGE_BYTES / 2) break;
      statements.push({ statement: statement.text, signatures: [...signatures] });
    }
    return encodeMessage({ statements });
  };

  const answer = async (data: Uint8Array): Promise<Uint8Array> => {
    if (underWay >= MAX_UNDER_WAY) throw fabricError("QUORUM_BUSY", { limit: MAX_UNDER_WAY });
    underWay += 1;
    try {
      const request = parseRequest(data);
      if (request.kind === "propose") return await propose(request);
      if (request.kind === "recover") return await recover(request);
      if (request.kind === "group") {
        const { group } = followed(request.feed);
        if (!group)
          throw fabricError("QUORUM_MESSAGE_INVALID", { reason: "the feed has no group" });
        return encodeMessage({ body: await group(request.step, request.body, { signal }) });
      }
      return encodeMessage({ evidence: followed(request.feed).evidence() });
    } finally {
      underWay -= 1;
    }
  };

  const subscription: Subscription = await bus.subscribe(
    memberSubject(parts.fabric, self),
    {},
    (note) => answer(note.data),
  );
  return {
    stop: async () => {
      if (signal.aborted) return;
      halt.abort(fabricError("INTERRUPTED", { what: "The endorsement" }));
      await subscription.stop();
    },
  };
};
