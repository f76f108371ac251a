import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Digest, FabricId } from "../core/ids.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { QuorumFeed, QuorumMember } from "./quorum-feed.ts";
import {
  encodeMessage,
  introducedSchema,
  type MemberSignature,
  memberSubject,
  parseAnswer,
} from "./quorum-messages.ts";

/** Evidence is asked for again after so long, ms; a refusal is tried again sooner. */
const ACCEPTED_MS = 3_600_000;
const REFUSED_MS = 5_000;
/** A member that is starting is asked again soon. */
const AWAY_MS = 500;

/** What appraised evidence says of a member's enclave. */
export interface AppraisedMember {
  readonly measurement: Digest;
  readonly keyids: readonly string[];
}

/** Judges evidence under this host's policy. Throws what it refuses with. */
export type AppraiseMember = (
  member: QuorumMember,
  evidence: Evidence,
  options: { readonly signal: AbortSignal },
) => Promise<AppraisedMember>;

/** Which members count. Default deny: nobody does before its evidence passed. */
export interface Membership {
  /**
   * The member's evidence, after it passed the policy, is of this Cryptlet and binds keys of the member.
   * Throws `QUORUM_MEMBER_REFUSED`.
   */
  admit(
    feed: QuorumFeed,
    member: QuorumMember,
    options: { readonly signal: AbortSignal },
  ): Promise<Evidence>;
  /** Evidence that passed last; null where none did, or the member was away since. */
  evidenceOf(feed: QuorumFeed, member: QuorumMember): Evidence | null;
  /** Whether the evidence that was admitted binds this key. */
  binds(feed: QuorumFeed, member: QuorumMember, keyid: string): boolean;
  /** Whether a signature's keys are bound by the evidence that was admitted. Throws `QUORUM_MEMBER_REFUSED`. */
  checkKeys(feed: QuorumFeed, signature: MemberSignature): void;
}

interface Entry {
  /** On the monotonic clock. */
  readonly until: number;
  readonly evidence: Evidence | null;
  readonly keyids: ReadonlySet<string>;
  readonly reason: string;
}

const nameOf = (feed: QuorumFeed, member: string): string => `${feed.measurement} ${member}`;

const refused = (member: string, reason: string) =>
  fabricError("QUORUM_MEMBER_REFUSED", { member, reason });

/** Away, and nothing worse: what it signed before still counts. */
const isAway = (code: string): boolean => code.startsWith("BUS_");

export const createMembership = (parts: {
  readonly bus: Bus;
  readonly fabric: FabricId;
  readonly clock: Clock;
  readonly appraise: AppraiseMember;
  /** How long a member may take to introduce itself, ms. */
  readonly timeoutMs: number;
}): Membership => {
  const { bus, fabric, clock, timeoutMs } = parts;
  const entries = new Map<string, Entry>();
  const underWay = new Map<string, Promise<Entry>>();

  const meet = async (
    feed: QuorumFeed,
    member: QuorumMember,
    signal: AbortSignal,
  ): Promise<Entry> => {
    try {
      const asked = encodeMessage({ kind: "introduce", feed: feed.feed });
      const subject = memberSubject(fabric, member.id);
      const answer = await bus.request(subject, asked, { timeoutMs, signal });
      const { evidence } = parseAnswer(answer, introducedSchema);
      const { measurement, keyids } = await parts.appraise(member, evidence, { signal });
      const own = new Set(member.keys.map(({ keyid }): string => keyid));
      const bound = keyids.filter((keyid) => own.has(keyid));
      if (measurement !== feed.measurement)
        throw refused(member.id, `its evidence shows ${measurement}`);
      if (bound.length === 0)
        throw refused(
          member.id,
          "its evidence binds none of the keys that the configuration names",
        );
      const until = clock.monotonic() + ACCEPTED_MS;
      return { until, evidence, keyids: new Set(bound), reason: "" };
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = toWire(error);
      const reason = code === "QUORUM_MEMBER_REFUSED" ? message : `${code}: ${message}`;
      const before = entries.get(nameOf(feed, member.id))?.keyids;
      const keyids = isAway(code) && before ? before : new Set<string>();
      const until = clock.monotonic() + (isAway(code) ? AWAY_MS : REFUSED_MS);
      return { evidence: null, keyids, until, reason };
    }
  };

  return {
    admit: async (feed, member, { signal }) => {
      const name = nameOf(feed, member.id);
      const known = entries.get(name);
      let entry = known && clock.monotonic() < known.until ? known : undefined;
      if (!entry) {
        const meeting = underWay.get(name) ?? meet(feed, member, signal);
        underWay.set(name, meeting);
        try {
          entry = await meeting;
          entries.set(name, entry);
        } finally {
          underWay.delete(name);
        }
      }
      if (!entry.evidence) throw refused(member.id, entry.reason.slice(0, 300));
      return entry.evidence;
    },
    evidenceOf: (feed, { id }) => entries.get(nameOf(feed, id))?.evidence ?? null,
    binds: (feed, { id }, keyid) => entries.get(nameOf(feed, id))?.keyids.has(keyid) ?? false,
    checkKeys: (feed, { member, json, onchain }) => {
      const keyids = entries.get(nameOf(feed, member))?.keyids;
      for (const keyid of [json.keyid, ...(onchain ? [onchain.keyid] : [])])
        if (!keyids?.has(keyid)) throw refused(member, `its evidence does not bind ${keyid}`);
    },
  };
};
