import type { Bus } from "../../src/bus/bus.ts";
import { createMembership, type Membership } from "../../src/coordinator/membership.ts";
import type { QuorumFeed, QuorumMember } from "../../src/coordinator/quorum-feed.ts";
import {
  type FollowedFeed,
  type QuorumFollower,
  startQuorumFollower,
} from "../../src/coordinator/quorum-follower.ts";
import { createQuorumLeader, type QuorumLeader } from "../../src/coordinator/quorum-leader.ts";
import type { MemberSignature } from "../../src/coordinator/quorum-messages.ts";
import { readOwnStatement, type Statement } from "../../src/coordinator/statement.ts";
import type { KnownStatement, StatementBook } from "../../src/coordinator/statement-book.ts";
import { systemClock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestSchema, fabricIdSchema, feedIdSchema } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import {
  OBSERVATION_SOLABI_TYPE,
  OBSERVATION_TYPE,
  type Observation,
} from "../../src/envelope/observation.ts";
import { createObservation } from "./observation-fixture.ts";

export const FABRIC = fabricIdSchema.parse("demo");
export const FEED = feedIdSchema.parse("xau-usd");
const MEASUREMENT = createObservation().cryptlet.measurement;

/** A member with its keys, secret halves and all. */
export interface TestMember extends QuorumMember {
  readonly json: SigningKey;
  readonly evm: SigningKey;
}

export const createMember = (id: string): TestMember => {
  const json = createSigningKey("ed25519");
  const evm = createSigningKey("secp256k1-keccak256");
  return { id, json, evm, keys: [json.record, evm.record] };
};

export const feedOf = (
  members: readonly QuorumMember[],
  change: Partial<QuorumFeed> = {},
): QuorumFeed => ({
  feed: FEED,
  members,
  threshold: 2,
  timeoutMs: 2_000,
  measurement: MEASUREMENT,
  ...change,
});

/** A statement of the fixture's feed. */
export const statementOf = (
  round: number,
  changes: Partial<Record<keyof Observation, unknown>> = {},
): Statement => readOwnStatement(canonicalJson(createObservation(changes, { round, epoch: 1 })));

const named = (key: SigningKey, message: Uint8Array) => ({
  keyid: digestSchema.parse(key.record.keyid),
  sig: encodeBase64(key.sign(message)),
});

/** What this member's enclave would sign. */
export const signAs = (member: TestMember, statement: Statement): MemberSignature => ({
  member: member.id,
  json: named(member.json, preAuthEncoding(OBSERVATION_TYPE, statement.payload)),
  onchain:
    statement.onchain &&
    named(member.evm, preAuthEncoding(OBSERVATION_SOLABI_TYPE, statement.onchain)),
});

/** Statements in memory. */
export const memoryBook = (): StatementBook => {
  const known = new Map<Digest, KnownStatement>();
  const roundOf = ({ statement }: KnownStatement) => statement.observation.subject.round;
  return {
    keep: async (_feed, entry) => void known.set(entry.statement.digest, entry),
    find: async (_feed, digest) => known.get(digest) ?? null,
    above: async (_feed, round, limit) =>
      [...known.values()].filter((entry) => roundOf(entry) > round).slice(0, limit),
    forget: async (_feed, round) => {
      for (const [digest, entry] of known) if (roundOf(entry) <= round) known.delete(digest);
    },
  };
};

/** One host's part in a quorum, over whatever bus, with an enclave that endorses one statement of a round. */
export interface TestHost {
  readonly member: TestMember;
  readonly leader: QuorumLeader;
  readonly follower: QuorumFollower;
  readonly book: StatementBook;
  readonly membership: Membership;
  /** Statements that its enclave was asked to endorse. */
  readonly asked: Statement[];
  readonly followed: FollowedFeed;
}

export const startTestHost = async (options: {
  readonly bus: Bus;
  readonly member: TestMember;
  readonly feed: QuorumFeed;
  readonly endorse?: FollowedFeed["endorse"];
  readonly group?: FollowedFeed["group"];
  readonly latest?: FollowedFeed["latest"];
  /** Keyids that this host finds bound by a member's evidence; default: those of the member. */
  readonly bound?: (member: QuorumMember) => readonly string[];
}): Promise<TestHost> => {
  const { bus, member, feed } = options;
  const asked: Statement[] = [];
  const stood = new Map<number, Digest>();
  const endorse: FollowedFeed["endorse"] = async (statement, leader, call) => {
    asked.push(statement);
    if (options.endorse) return await options.endorse(statement, leader, call);
    const { round } = statement.observation.subject;
    if ((stood.get(round) ?? statement.digest) !== statement.digest)
      throw fabricError("ROUND_EQUIVOCATION", { feed: FEED, round, last: round });
    stood.set(round, statement.digest);
    return signAs(member, statement);
  };
  const membership = createMembership({
    bus,
    fabric: FABRIC,
    clock: systemClock,
    timeoutMs: 2_000,
    appraise: async (other, evidence) => {
      if (evidence.body !== "e30=") throw fabricError("EVIDENCE_INVALID", { reason: "forged" });
      return {
        measurement: digestSchema.parse(evidence.type),
        keyids: options.bound?.(other) ?? other.keys.map(({ keyid }) => keyid),
      };
    },
  });
  const book = memoryBook();
  const followed: FollowedFeed = {
    ...feed,
    evidence: () => ({ type: MEASUREMENT, body: "e30=" }),
    ownKeyids: () => member.keys.map(({ keyid }) => keyid),
    group: options.group ?? null,
    endorse,
    latest: options.latest ?? (async () => null),
  };
  const follower = await startQuorumFollower({
    bus,
    fabric: FABRIC,
    self: member.id,
    feeds: new Map([[FEED, followed]]),
    membership,
    book,
    log: silentLog,
  });
  const leader = createQuorumLeader({
    bus,
    fabric: FABRIC,
    self: member.id,
    membership,
    log: silentLog,
  });
  return { member, leader, follower, book, membership, asked, followed };
};
