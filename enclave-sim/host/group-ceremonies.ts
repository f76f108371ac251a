import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestHex } from "../../src/core/ids.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { type CeremonyRoles, readCeremonyRoles } from "../../src/crypto/frost/ceremony-roles.ts";
import { GROUP_LIMITS } from "../../src/crypto/frost/group-limits.ts";
import type { GroupStatement } from "../../src/crypto/frost/group-record.ts";
import { type KeyCeremony, openKeyCeremony } from "../../src/crypto/frost/key-ceremony.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { MemberAppraiser } from "./appraise-members.ts";
import type { AttestedKeys } from "./attestation-calls.ts";
import type { CryptletIdentity } from "./cryptlet-identity.ts";
import type { FinishedGroup, GroupCalls, GroupOptions } from "./group-calls.ts";
import type { GroupStore, StoredShare } from "./group-store.ts";

/** What the ceremonies of one enclave work with. */
export interface CeremonyDesk {
  readonly options: GroupOptions | undefined;
  readonly appraiser: MemberAppraiser;
  readonly identity: Pick<CryptletIdentity, "memberKey" | "attestMember" | "renew">;
  readonly store: GroupStore;
  readonly clock: Pick<Clock, "now">;
}

/** Key generation and resharing, as one enclave sees them: one step at a time. */
export interface GroupCeremonies {
  join(request: GroupCalls["join"]["request"]): Promise<SignedMessage>;
  deal(request: GroupCalls["deal"]["request"]): Promise<SignedMessage>;
  receive(request: GroupCalls["receive"]["request"]): Promise<SignedMessage>;
  finish(request: GroupCalls["finish"]["request"], signal: AbortSignal): Promise<FinishedGroup>;
  abandon(request: GroupCalls["abandon"]["request"]): Promise<void>;
}

interface Open {
  readonly roles: CeremonyRoles;
  readonly side: KeyCeremony;
  readonly keyid: Digest;
}

/** Newest share of a group that signs. */
export const newestShare = (store: GroupStore, group: string): StoredShare | undefined =>
  store
    .all()
    .filter((share) => share.group === group && share.record !== null)
    .toSorted((a, b) => b.epoch - a.epoch)[0];

const statementOf = ({ record }: StoredShare): GroupStatement | null =>
  record && verifyGroupRecord(record);

export const createGroupCeremonies = (desk: CeremonyDesk): GroupCeremonies => {
  const { options, appraiser, identity, store, clock } = desk;
  const open = new Map<Digest, Open>();

  const openOne = (ceremony: Digest): Open => {
    const found = open.get(ceremony);
    if (!found) throw fabricError("FROST_CEREMONY_UNKNOWN", { ceremony });
    return found;
  };

  /** Two confirmed shares of one epoch could end in two groups that both are short of members. */
  const assertNonePending = (group: string): void => {
    const pending = store.all().find((share) => share.group === group && share.record === null);
    if (pending)
      throw fabricError("FROST_CEREMONY_ORDER", {
        ceremony: pending.ceremony,
        reason: "it is confirmed and not finished; finish or abandon it first",
      });
  };

  const assertEpoch = ({ plan, previous }: CeremonyRoles): void => {
    const { group, epoch } = plan;
    const held = newestShare(store, group);
    if (!held) return;
    const follows = held.epoch + 1 === epoch && held.statement === plan.reshare?.record.statement;
    if (!previous || !follows)
      throw fabricError("FROST_EPOCH_WRONG", { group, actual: held.epoch, asked: epoch });
  };

  const assertAllowed = ({ plan, previous }: CeremonyRoles): void => {
    const { group, threshold } = plan;
    const refuse = (reason: string) => fabricError("FROST_NOT_ALLOWED", { group, reason });
    if (!options) throw refuse("it was loaded without groups");
    const least = options.minThreshold ?? previous?.threshold ?? GROUP_LIMITS.leastThreshold;
    if (threshold < least) throw refuse(`a threshold of ${threshold} is below ${least}`);
  };

  const oldShareFor = (roles: CeremonyRoles, keyid: string) => {
    const { plan, previous } = roles;
    const dealer = roles.dealers.find(({ key }) => key.keyid === keyid);
    if (!previous || !dealer) return null;
    const held = store.find(plan.group, previous.epoch);
    return held ? { index: held.index, share: hexToBytes(held.share, 32) } : null;
  };

  const join: GroupCeremonies["join"] = async ({ plan, evidence }) => {
    const roles = readCeremonyRoles(plan);
    assertAllowed(roles);
    assertEpoch(roles);
    assertNonePending(roles.plan.group);
    const { ceremony, participants } = roles;
    const again = open.get(ceremony);
    if (again) return again.side.join();
    const limit = GROUP_LIMITS.openCeremonies;
    if (open.size >= limit) throw fabricError("FROST_CEREMONIES_FULL", { limit });
    const own = participants.find(({ keyid }) => identity.memberKey(keyid) !== null);
    const key = own && identity.memberKey(own.keyid);
    if (!key) throw fabricError("FROST_MEMBER_UNKNOWN", { keyid: "a key of this enclave" });
    const { keyid } = key.record;
    const others = participants.filter((each) => each.keyid !== keyid);
    await appraiser.appraise(others, evidence, clock.now());
    const side = openKeyCeremony({ roles, key, old: oldShareFor(roles, keyid) });
    open.set(ceremony, { roles, side, keyid });
    return side.join();
  };

  const receive: GroupCeremonies["receive"] = async ({ ceremony, joins, deals }) => {
    const { side, roles, keyid } = openOne(ceremony);
    assertEpoch(roles);
    assertNonePending(roles.plan.group);
    const received = await side.receive(joins, deals);
    if (received.kind === "complained") {
      open.delete(ceremony);
      return received.message;
    }
    const { member, statement, message } = received;
    const { group, epoch } = statement;
    await store.put({
      group,
      epoch,
      ceremony,
      index: member.index,
      keyid,
      share: bytesToHex(member.share),
      statement: message.payload,
      record: null,
    });
    return message;
  };

  const attest = async (
    keyid: string,
    { key, transcript }: GroupStatement,
    signal: AbortSignal,
  ): Promise<AttestedKeys> => {
    const parts = { more: [key], nonce: digestHex(transcript) };
    const attested = await identity.attestMember(keyid, parts, signal);
    if (!attested) throw fabricError("FROST_MEMBER_UNKNOWN", { keyid });
    return attested;
  };

  /** Ceremonies up to this epoch have nothing left to do; their polynomials and channels go with them. */
  const forget = (group: string, epoch: number): void => {
    for (const [ceremony, { roles }] of open)
      if (roles.plan.group === group && roles.plan.epoch <= epoch) open.delete(ceremony);
  };

  /** Whether this enclave dealt for exactly these members, whose evidence it judged then. */
  const wasAppraised = ({ group, epoch, members }: GroupStatement): boolean =>
    [...open.values()].some(
      ({ roles: { plan } }) =>
        plan.group === group &&
        plan.epoch === epoch &&
        plan.members.map(({ keyid }) => keyid).join() ===
          members.map(({ key }) => key.keyid).join(),
    );

  /** The record must follow the share that is held: anything else must not cost this member its share. */
  const leave = async (
    statement: GroupStatement,
    evidence: readonly Evidence[],
    signal: AbortSignal,
  ): Promise<AttestedKeys> => {
    const { group, epoch, key, previous, members } = statement;
    const held = store.find(group, epoch - 1);
    const before = held && statementOf(held);
    if (!held || !before) {
      // Once more after it left is nothing new.
      if (!newestShare(store, group)) return identity.renew({}, signal);
      throw fabricError("FROST_GROUP_UNKNOWN", { group, epoch });
    }
    if (before.transcript !== previous || before.key.keyid !== key.keyid)
      throw fabricError("FROST_RECORD_INVALID", { reason: "it does not follow the share here" });
    // Anybody can write a record that strangers confirm: attested members confirm what they checked, and nobody else.
    const keys = members.map((member) => member.key);
    if (!wasAppraised(statement)) await appraiser.appraise(keys, evidence, clock.now());
    await store.drop(held);
    forget(group, epoch);
    return identity.renew({}, signal);
  };

  const finish: GroupCeremonies["finish"] = async ({ record, evidence = [] }, signal) => {
    const statement = verifyGroupRecord(record);
    const { group, epoch, members } = statement;
    const held = store.find(group, epoch);
    if (!held) {
      if (members.some(({ key }) => identity.memberKey(key.keyid) !== null))
        throw fabricError("FROST_GROUP_UNKNOWN", { group, epoch });
      return { record, attested: await leave(statement, evidence, signal) };
    }
    if (held.statement !== record.statement)
      throw fabricError("FROST_RECORD_INVALID", {
        reason: "this enclave confirmed another statement",
      });
    if (held.record === null) {
      await store.put({ ...held, record });
      for (const share of store.all())
        if (share.group === group && share.epoch < epoch) await store.drop(share);
      forget(group, epoch);
    }
    return { record, attested: await attest(held.keyid, statement, signal) };
  };

  return {
    join,
    deal: ({ ceremony, joins }) => openOne(ceremony).side.deal(joins),
    receive,
    finish,
    abandon: async ({ ceremony }) => {
      open.delete(ceremony);
      const pending = store
        .all()
        .find((share) => share.ceremony === ceremony && share.record === null);
      if (pending) await store.drop(pending);
    },
  };
};
