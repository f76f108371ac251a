import type { RunReport } from "../../enclave-sim/host/enclave.ts";
import type { Lease } from "../coordinator/lease.ts";
import type { Membership } from "../coordinator/membership.ts";
import { memberOf } from "../coordinator/quorum-feed.ts";
import type { FollowedFeed } from "../coordinator/quorum-follower.ts";
import type { Collected, QuorumLeader, Refusal } from "../coordinator/quorum-leader.ts";
import type { MemberSignature } from "../coordinator/quorum-messages.ts";
import { readOwnStatement, type Statement, toEnvelopes } from "../coordinator/statement.ts";
import type { KnownStatement, StatementBook } from "../coordinator/statement-book.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { WireError } from "../core/errors/wire.ts";
import { digestSchema } from "../core/ids.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { GroupRecord } from "../crypto/frost/group-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { latestRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { ServedQuorumFeed } from "./quorum-feeds.ts";
import type { RoundSealer, SealedRound } from "./round-sealer.ts";

/** Tries in a row without a round before another member shall lead. */
const MAX_FAILURES = 2;
/** How far one member's word moves round or epoch: it may be a lie, and must not use them up. */
const MAX_HINT_STEP = 16;
/** Statements that are looked at before a run. */
const MAX_OPEN = 8;

/** A feed's part in a quorum while this host leads it. */
export interface QuorumSealer extends RoundSealer {
  /**
   * Before a run: whether this host leads the feed. What an earlier leader or try left open is brought to its end first,
   * because enough members may have signed it already.
   */
  prepare(options: { readonly signal?: AbortSignal }): Promise<boolean>;
  /** A run made no round. */
  failed(): void;
}

/** A group's signature as it stands in an envelope, and what is known of the group. */
export interface GroupSeal {
  readonly signature: { readonly keyid: string; readonly sig: string };
  readonly record: GroupRecord;
}

export interface QuorumSealerParts {
  readonly self: string;
  readonly served: ServedQuorumFeed;
  readonly lease: Lease;
  readonly leader: QuorumLeader;
  readonly membership: Membership;
  readonly book: StatementBook;
  /** Asks this host's own enclave to endorse. */
  readonly endorse: FollowedFeed["endorse"];
  readonly evidence: () => Evidence;
  /** The members' group signs what these members endorsed; null where there is none, or too few of them can. */
  readonly signAsGroup: (
    statement: Statement,
    members: () => readonly string[],
    signal: AbortSignal,
  ) => Promise<GroupSeal | null>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Commits a round that was begun by an earlier leader or try. */
  readonly commit: (sealed: SealedRound) => Promise<void>;
}

const never = new AbortController().signal;

const numberIn = (error: WireError, code: string): number | null => {
  if (error.code !== code) return null;
  const last = Number(error.arguments["last"]);
  return Number.isSafeInteger(last) ? last : null;
};

const describe = (refusals: readonly Refusal[], silent: readonly string[]): string =>
  [
    ...refusals.map(({ member, error }) => `${member} ${error.code}`),
    ...silent.map((member) => `${member} silent`),
  ].join(", ") || "nobody else was asked";

export const createQuorumSealer = (parts: QuorumSealerParts): QuorumSealer => {
  const { self, served, lease, leader, membership, book, store, clock, log } = parts;
  const { quorum, cryptlet } = served;
  const { feed } = quorum;
  let mustRecover = true;
  let ledEpoch: number | null = null;
  let seenRound = 0;
  let failures = 0;

  /** Both forms with all their signatures, and what stands behind the signers as far as it is at hand. */
  const toSealed = async (
    statement: Statement,
    signatures: readonly MemberSignature[],
    /** Members that signed after there were enough. */
    late: () => readonly string[],
    signal: AbortSignal,
  ): Promise<SealedRound> => {
    const byGroup = await parts.signAsGroup(
      statement,
      () => [...signatures.map(({ member }) => member), ...late()],
      signal,
    );
    const forms = toEnvelopes(statement, signatures);
    const keyids = new Set(
      signatures.flatMap(({ json, onchain }) => [json.keyid, ...(onchain ? [onchain.keyid] : [])]),
    );
    const evidence: Evidence[] = [];
    for (const { member: id } of signatures) {
      const member = id === self ? undefined : memberOf(quorum, id);
      const piece = member && membership.evidenceOf(quorum, member);
      if (piece) evidence.push(piece);
    }
    return {
      signed: {
        envelope: forms.envelope,
        // The list stays beside the group's signature: a contract without the group takes it.
        onchain:
          forms.onchain && byGroup
            ? {
                ...forms.onchain,
                signatures: [...forms.onchain.signatures, byGroup.signature],
              }
            : forms.onchain,
        envelopeDigest: statement.digest,
        observation: statement.observation,
      },
      keys: quorum.members.flatMap(({ keys }) => keys.filter(({ keyid }) => keyids.has(keyid))),
      evidence: [parts.evidence(), ...evidence],
      mayLeaveGap: true,
      ...(byGroup ? { group: byGroup.record } : {}),
    };
  };

  /** Members may know of later rounds and epochs than this host. */
  const learn = (refusals: readonly Refusal[], round: number, epoch: number): void => {
    for (const { error } of refusals) {
      const last = numberIn(error, "ROUND_EQUIVOCATION");
      if (last !== null) seenRound = Math.max(seenRound, Math.min(last, round + MAX_HINT_STEP));
      const newer = numberIn(error, "EPOCH_STALE");
      if (newer !== null) lease.raise(Math.min(newer, epoch + MAX_HINT_STEP));
    }
  };

  const failed = (): void => {
    mustRecover = true;
    failures += 1;
    if (failures < MAX_FAILURES) return;
    failures = 0;
    log.warn("this host gives up leading, for another to try", { feed });
    lease.yield();
  };

  /** Statements above the newest round that anybody stands by, this host's own among them. */
  const openStatements = async (
    after: number,
    signal: AbortSignal,
  ): Promise<readonly KnownStatement[]> => {
    const found = await leader.recover(quorum, after, { signal });
    const own = await book.above(feed, after, MAX_OPEN);
    const merged = new Map(own.map((known) => [known.statement.digest, known]));
    for (const known of found) {
      const mine = merged.get(known.statement.digest);
      const more = known.signatures.filter(
        ({ member }) => mine?.signatures.every((each) => each.member !== member) ?? true,
      );
      merged.set(known.statement.digest, {
        statement: known.statement,
        signatures: [...(mine?.signatures ?? []), ...more],
      });
    }
    return [...merged.values()].toSorted(
      (a, b) => a.statement.observation.subject.round - b.statement.observation.subject.round,
    );
  };

  const complete = async (known: KnownStatement, signal: AbortSignal): Promise<Collected> => {
    const { statement, signatures } = known;
    const [first, ...more] = signatures;
    const { issuedAt } = statement.observation;
    const isFresh = Math.abs(clock.now() - issuedAt) <= served.windowMs;
    if (!first || signatures.length >= quorum.threshold || !isFresh)
      return { signatures, refusals: [], late: () => [] };
    return await leader.collect(quorum, statement, {
      atHand: [first, ...more],
      sign: () => parts.endorse(statement, first.member, { signal }),
      signal,
    });
  };

  const recover = async (signal: AbortSignal): Promise<void> => {
    const newest = await latestRound(store.db, feed);
    for (const known of await openStatements(newest?.round ?? 0, signal)) {
      const { subject, previous } = known.statement.observation;
      const latest = await latestRound(store.db, feed);
      // A host has its own enclave sign any number.
      const reach = Math.max(seenRound, latest?.round ?? 0) + MAX_HINT_STEP;
      seenRound = Math.max(seenRound, Math.min(subject.round, reach));
      const follows = (previous?.envelopeDigest ?? null) === (latest?.envelopeDigest ?? null);
      if (!follows || subject.round <= (latest?.round ?? 0)) continue;
      const { signatures, late } = await complete(known, signal);
      if (signatures.length < quorum.threshold) continue;
      log.info("a round of an earlier try is brought to its end", { feed, round: subject.round });
      await parts.commit(await toSealed(known.statement, signatures, late, signal));
    }
    mustRecover = false;
  };

  const sign = async (report: RunReport, epoch: number, signal: AbortSignal) => {
    const previous = await latestRound(store.db, feed);
    const request = {
      runId: report.runId,
      feed,
      epoch,
      previous: previous?.envelopeDigest ?? null,
    };
    const round = Math.max(previous?.round ?? 0, seenRound) + 1;
    try {
      return await cryptlet.sign({ ...request, round }, { signal });
    } catch (error) {
      if (!isFabricError(error)) throw error;
      // Its own enclave remembers more than this host: a signature that was given and never came back.
      const last = Number(error.arguments["last"]);
      if (error.code === "EPOCH_STALE") lease.raise(last);
      if (error.code !== "ROUND_EQUIVOCATION" || last < round) throw error;
      return await cryptlet.sign({ ...request, round: last + 1 }, { signal });
    }
  };

  const seal: QuorumSealer["seal"] = async (report, { signal = never }) => {
    const epoch = lease.epoch();
    if (epoch === null) throw fabricError("QUORUM_NOT_LED", { feed });
    const signed = await sign(report, epoch, signal);
    const { round } = signed.observation.subject;
    seenRound = Math.max(seenRound, round);
    const statement = readOwnStatement(new TextDecoder().decode(payloadBytes(signed.envelope)));
    const [json] = signed.envelope.signatures;
    const onchain = signed.onchain?.signatures[0] ?? null;
    if (!json) throw fabricError("ENVELOPE_UNSIGNED", {});
    const named = ({ keyid, sig }: typeof json) => ({ keyid: digestSchema.parse(keyid), sig });
    const own = { member: self, json: named(json), onchain: onchain && named(onchain) };
    // On the disk before anybody else signs: what becomes of it must not hang on this process.
    await book.keep(feed, { statement, signatures: [own] });
    const { signatures, refusals, late } = await leader.collect(quorum, statement, {
      atHand: [own],
      signal,
    });
    if (signatures.length < quorum.threshold) {
      learn(refusals, round, epoch);
      const heard = new Set([...signatures, ...refusals].map(({ member }) => member));
      const silent = quorum.members.map(({ id }) => id).filter((id) => !heard.has(id));
      throw fabricError("QUORUM_NOT_REACHED", {
        feed,
        round,
        count: signatures.length,
        threshold: quorum.threshold,
        refusals: describe(refusals, silent),
      });
    }
    failures = 0;
    return await toSealed(statement, signatures, late, signal);
  };

  return {
    seal,
    failed,
    prepare: async ({ signal = never }) => {
      const epoch = lease.epoch();
      if (epoch === null) return false;
      if (epoch !== ledEpoch) mustRecover = true;
      ledEpoch = epoch;
      if (mustRecover) await recover(signal);
      return true;
    },
  };
};
