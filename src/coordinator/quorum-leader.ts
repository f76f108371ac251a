import { once } from "node:events";
import type { Bus } from "../bus/bus.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire, type WireError } from "../core/errors/wire.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { withinSignal } from "../core/within-signal.ts";
import type { Membership } from "./membership.ts";
import { memberOf, type QuorumFeed, type QuorumMember } from "./quorum-feed.ts";
import {
  encodeMessage,
  endorsedSchema,
  type MemberSignature,
  memberSubject,
  parseAnswer,
  recoveredSchema,
} from "./quorum-messages.ts";
import type { KnownStatement } from "./statement-book.ts";
import { checkSignature, readSignedStatement, type Statement } from "./statement.ts";

/** A member that did not sign, and why. */
export interface Refusal {
  readonly member: string;
  readonly error: WireError;
}

/** What came of asking. */
export interface Collected {
  /** Checked, of distinct members; those that were at hand first. At least `threshold`, or too few. */
  readonly signatures: readonly MemberSignature[];
  /** So far. */
  readonly refusals: readonly Refusal[];
  /** Members that signed after there were enough, until now. */
  readonly late: () => readonly string[];
}

export interface QuorumLeader {
  /**
   * Asks every member that has not signed yet, at the same time, and resolves as soon as there are enough signatures,
   * when all have answered, or after `timeoutMs` of the feed. `sign` asks this host's own enclave; left out where its
   * signature is at hand. Members that refuse later are still named in the log.
   */
  collect(
    feed: QuorumFeed,
    statement: Statement,
    options: {
      /** Checked before; the leader's first. */
      readonly atHand: readonly [MemberSignature, ...MemberSignature[]];
      readonly sign?: () => Promise<MemberSignature>;
      readonly signal: AbortSignal;
    },
  ): Promise<Collected>;
  /**
   * Statements above a round that members stand by, oldest first, each with every signature that holds. What a member
   * makes up is left out.
   */
  recover(
    feed: QuorumFeed,
    after: number,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly KnownStatement[]>;
}

/** Members of a feed but this one. */
const others = (feed: QuorumFeed, self: string): readonly QuorumMember[] =>
  feed.members.filter(({ id }) => id !== self);

export const createQuorumLeader = (parts: {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly self: string;
  readonly membership: Membership;
  readonly log: Log;
}): QuorumLeader => {
  const { bus, fabric, self, membership, log } = parts;

  const ask = async (
    feed: QuorumFeed,
    member: QuorumMember,
    data: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> =>
    await bus.request(memberSubject(fabric, member.id), data, {
      timeoutMs: feed.timeoutMs,
      signal,
    });

  const askToSign = async (
    feed: QuorumFeed,
    member: QuorumMember,
    statement: Statement,
    leader: MemberSignature,
    signal: AbortSignal,
  ): Promise<MemberSignature> => {
    const request = encodeMessage({
      kind: "propose",
      feed: feed.feed,
      statement: statement.text,
      leader,
    });
    const [, answer] = await Promise.all([
      membership.admit(feed, member, { signal }),
      ask(feed, member, request, signal),
    ]);
    const { signature } = parseAnswer(answer, endorsedSchema);
    if (signature.member !== member.id)
      throw fabricError("QUORUM_MESSAGE_INVALID", { reason: `it signs as ${signature.member}` });
    checkSignature(statement, signature, member);
    membership.checkKeys(feed, signature);
    return signature;
  };

  return {
    collect: async (feed, statement, { atHand, sign, signal }) => {
      const { round } = statement.observation.subject;
      const [leader] = atHand;
      const signatures = [...atHand];
      const refusals: Refusal[] = [];
      const signed = new Set(signatures.map(({ member }) => member));
      const enough = (): boolean => signatures.length >= feed.threshold;
      const late: string[] = [];
      if (enough()) return { signatures, refusals, late: () => late };

      const take = async (member: string, work: Promise<MemberSignature>): Promise<void> => {
        try {
          const signature = await work;
          if (enough()) late.push(member);
          else signatures.push(signature);
        } catch (error) {
          const wire = toWire(error);
          refusals.push({ member, error: wire });
          if (signal.aborted) return;
          // Late, for a round that has its signatures: no fault, unless the values differ.
          const isNews = !enough() || wire.code === "VALUE_OUT_OF_TOLERANCE";
          log[isNews ? "warn" : "debug"]("a member did not sign", {
            feed: feed.feed,
            round,
            member,
            code: wire.code,
            reason: wire.message,
          });
        }
        if (enough()) reached.abort();
      };
      const reached = new AbortController();
      const asked = others(feed, self)
        .filter(({ id }) => !signed.has(id))
        .map((member) => take(member.id, askToSign(feed, member, statement, leader, signal)));
      if (sign && !signed.has(self)) asked.push(take(self, sign()));
      const all = Promise.all(asked).then(() => reached.abort());
      all.catch(() => undefined);
      if (!reached.signal.aborted) await withinSignal(once(reached.signal, "abort"), signal);
      return { signatures: [...signatures], refusals: [...refusals], late: () => late };
    },

    recover: async (feed, after, { signal }) => {
      const request = encodeMessage({ kind: "recover", feed: feed.feed, after });
      const found = new Map<string, { statement: Statement; signatures: MemberSignature[] }>();
      const add = ({ statement, signatures }: KnownStatement): void => {
        const known = found.get(statement.digest);
        if (!known) found.set(statement.digest, { statement, signatures: [...signatures] });
        else
          for (const signature of signatures)
            if (!known.signatures.some(({ member }) => member === signature.member))
              known.signatures.push(signature);
      };
      const read = (text: string, given: readonly MemberSignature[]): KnownStatement | null => {
        const [first] = given;
        const leader = first && memberOf(feed, first.member);
        if (!first || !leader) return null;
        const statement = readSignedStatement(text, first, leader);
        const { subject } = statement.observation;
        if (subject.feed !== feed.feed || subject.round <= after) return null;
        const signatures = given.filter((signature, index) => {
          const member = memberOf(feed, signature.member);
          if (!member || given.findIndex((each) => each.member === member.id) !== index)
            return false;
          try {
            checkSignature(statement, signature, member);
            if (member.id !== self) membership.checkKeys(feed, signature);
            return true;
          } catch {
            return false;
          }
        });
        return { statement, signatures };
      };
      const askOne = async (member: QuorumMember): Promise<void> => {
        try {
          const [, answer] = await Promise.all([
            membership.admit(feed, member, { signal }),
            ask(feed, member, request, signal),
          ]);
          for (const { statement, signatures } of parseAnswer(answer, recoveredSchema).statements) {
            const known = read(statement, signatures);
            if (known) add(known);
          }
        } catch (error) {
          signal.throwIfAborted();
          const { code } = toWire(error);
          log.debug("a member was not heard", { feed: feed.feed, member: member.id, code });
        }
      };
      await Promise.all(others(feed, self).map(askOne));
      return [...found.values()].toSorted(
        (a, b) => a.statement.observation.subject.round - b.statement.observation.subject.round,
      );
    },
  };
};
