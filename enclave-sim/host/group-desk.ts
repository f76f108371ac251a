import { z } from "zod";
import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestHex, digestSchema } from "../../src/core/ids.ts";
import { bytesToHex, hexToBytes } from "../../src/crypto/bytes.ts";
import { GROUP_LIMITS } from "../../src/crypto/frost/group-limits.ts";
import {
  groupEpochSchema,
  groupNameSchema,
  groupRecordSchema,
} from "../../src/crypto/frost/group-record.ts";
import { createNonceBook } from "../../src/crypto/frost/nonce-book.ts";
import {
  commitNonces,
  type GroupSigner,
  makeSignatureShare,
} from "../../src/crypto/frost/sign-share.ts";
import { openSigningSession } from "../../src/crypto/frost/signing-session.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { evidenceSchema } from "../../src/envelope/bundle.ts";
import { createMemberAppraiser } from "./appraise-members.ts";
import type { CryptletIdentity } from "./cryptlet-identity.ts";
import type { CheckProposal } from "./endorsement.ts";
import type { LoadOptions } from "./enclave.ts";
import type { GroupCall, GroupCalls, GroupCounter, GroupOperation } from "./group-calls.ts";
import { createGroupCeremonies, newestShare } from "./group-ceremonies.ts";
import { openGroupStore, type StoredShare } from "./group-store.ts";

/** Everything of groups inside the enclave's thread, for one Cryptlet. */
export interface GroupDesk {
  perform(call: GroupCall, signal: AbortSignal): Promise<GroupCalls[GroupOperation]["answer"]>;
  /** How far the held shares went. */
  counters(): readonly GroupCounter[];
}

export interface GroupDeskParts {
  readonly options: Pick<LoadOptions, "groups" | "feeds">;
  readonly identity: CryptletIdentity;
  readonly measurement: Digest;
  /** What this enclave agrees with; nothing else gets a share. */
  readonly approve: CheckProposal;
  readonly clock: Clock;
}

const messages = z.array(z.unknown()).max(2 * GROUP_LIMITS.members);
const ceremony = { ceremony: digestSchema };
const groupAt = { group: groupNameSchema, epoch: groupEpochSchema };
/** Evidence of members and of dealers that leave. */
const MAX_EVIDENCE = 2 * GROUP_LIMITS.members;
const requestSchemas = {
  list: z.strictObject({}),
  join: z.strictObject({ plan: z.unknown(), evidence: z.array(evidenceSchema).max(MAX_EVIDENCE) }),
  deal: z.strictObject({ ...ceremony, joins: messages }),
  receive: z.strictObject({ ...ceremony, joins: messages, deals: messages }),
  finish: z.strictObject({
    record: groupRecordSchema,
    evidence: z.array(evidenceSchema).max(MAX_EVIDENCE).optional(),
  }),
  abandon: z.strictObject(ceremony),
  attest: z.strictObject(groupAt),
  commit: z.strictObject({ ...groupAt, count: z.int().min(1).max(GROUP_LIMITS.nonceBatch) }),
  signShare: z.strictObject({ ...groupAt, proposal: z.unknown(), commitments: messages }),
} as const satisfies Record<GroupOperation, z.ZodType>;

/** What was asked for is of a known form; what messages say is read where they are checked. */
const checkRequest = ({ operation, request }: GroupCall): void => {
  const parsed = requestSchemas[operation].safeParse(request);
  if (!parsed.success)
    throw fabricError("FROST_MESSAGE_INVALID", {
      kind: operation,
      reason: z.prettifyError(parsed.error).slice(0, 300),
    });
};

/** Throws `SEAL_REFUSED`, `CERTIFICATE_INVALID`, `CONFIG_INVALID`. */
export const openGroupDesk = async (parts: GroupDeskParts): Promise<GroupDesk> => {
  const { options, identity, measurement, approve, clock } = parts;
  const store = await openGroupStore(identity.seals.directory, identity.seals.identity);
  const groups = options.groups;
  const appraiser = createMemberAppraiser({
    options: groups ?? {},
    measurement,
    debug: identity.debug,
  });
  const ceremonies = createGroupCeremonies({ options: groups, appraiser, identity, store, clock });
  const signers = new Map<string, GroupSigner>();
  /** Newest hash per feed that got a share: a second line of defence behind `approve`. */
  const signed = new Map<string, { readonly round: number; readonly hash: string }>();
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };

  const activeShare = (group: string, epoch: number): StoredShare => {
    const newest = newestShare(store, group);
    if (!newest) throw fabricError("FROST_GROUP_UNKNOWN", { group, epoch });
    if (newest.epoch !== epoch)
      throw fabricError("FROST_EPOCH_WRONG", { group, actual: newest.epoch, asked: epoch });
    return newest;
  };
  /** Nonces live with the signer, in memory; those of an epoch that ended are forgotten. */
  const signerOf = (group: string, epoch: number): GroupSigner => {
    const share = activeShare(group, epoch);
    const known = signers.get(group);
    const key = identity.memberKey(share.keyid);
    if (share.record === null || !key) throw fabricError("FROST_GROUP_UNKNOWN", { group, epoch });
    const statement = verifyGroupRecord(share.record);
    if (known?.statement.transcript === statement.transcript) return known;
    known?.nonces.clear();
    const member = { index: share.index, share: hexToBytes(share.share, 32) };
    const signer = { statement, member, nonces: createNonceBook(member), key };
    signers.set(group, signer);
    return signer;
  };
  const counterOf = (group: string, epoch: number): GroupCounter => ({
    name: `group/${measurement}${identity.debug ? "/debug" : ""}/${group}`,
    number: epoch + 1,
  });

  const signShare = async ({
    group,
    epoch,
    proposal,
    commitments,
  }: GroupCalls["signShare"]["request"]) => {
    const { threshold } = signerOf(group, epoch).statement;
    const { feed, round, onchainMessage } = await approve(proposal);
    if (onchainMessage === null) throw fabricError("FROST_NOTHING_TO_SIGN", { feed });
    const asked = options.feeds.find((served) => served.feed === feed)?.quorum?.threshold ?? 0;
    if (threshold < asked)
      throw fabricError("FROST_NOT_ALLOWED", {
        group,
        reason: `${feed} asks for ${asked} signers, the group's threshold is ${threshold}`,
      });
    const hash = keccak256(onchainMessage);
    const hex = bytesToHex(hash);
    const last = signed.get(feed);
    if (last && (round < last.round || (round === last.round && last.hash !== hex)))
      throw fabricError("FROST_ROUND_SIGNED", { feed, round });
    // From here to the share nothing waits: a resharing cannot come between.
    const signer = signerOf(group, epoch);
    const session = openSigningSession(signer.statement, commitments, hash);
    signed.set(feed, { round, hash: hex });
    return makeSignatureShare(signer, session);
  };

  const perform: GroupDesk["perform"] = async (call, signal) => {
    checkRequest(call);
    switch (call.operation) {
      case "list": {
        const names = new Set(store.all().map(({ group }) => group));
        return [...names].flatMap((name) => {
          const share = newestShare(store, name);
          if (!share?.record) return [];
          const { group, epoch, index, record } = share;
          const { threshold } = verifyGroupRecord(record);
          return [{ record, group, epoch, threshold, index }];
        });
      }
      case "join": {
        const { request } = call;
        return inTurn(() => ceremonies.join(request));
      }
      case "deal": {
        const { request } = call;
        return inTurn(() => ceremonies.deal(request));
      }
      case "receive": {
        const { request } = call;
        return inTurn(() => ceremonies.receive(request));
      }
      case "finish": {
        const { request } = call;
        const finished = await inTurn(() => ceremonies.finish(request, signal));
        const { group, epoch } = verifyGroupRecord(finished.record);
        // Nonces of the share that ended go with it.
        if (signers.get(group)?.statement.epoch !== epoch) {
          signers.get(group)?.nonces.clear();
          signers.delete(group);
        }
        return { ...finished, counter: counterOf(group, epoch) };
      }
      case "abandon": {
        const { request } = call;
        await inTurn(() => ceremonies.abandon(request));
        return null;
      }
      case "attest": {
        const { group, epoch } = call.request;
        const share = activeShare(group, epoch);
        const { statement } = signerOf(group, epoch);
        const attestation = { more: [statement.key], nonce: digestHex(statement.transcript) };
        const attested = await identity.attestMember(share.keyid, attestation, signal);
        if (!attested) throw fabricError("FROST_GROUP_UNKNOWN", { group, epoch });
        return attested;
      }
      case "commit": {
        const { group, epoch, count } = call.request;
        return commitNonces(signerOf(group, epoch), count);
      }
      case "signShare":
        return signShare(call.request);
    }
  };

  return {
    perform,
    counters: () =>
      [...new Set(store.all().map(({ group }) => group))].flatMap((name) => {
        const newest = newestShare(store, name);
        return newest ? [counterOf(name, newest.epoch)] : [];
      }),
  };
};
