import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesToHex } from "../bytes.ts";
import { generateX25519, x25519PublicKey } from "../hpke/hpke.ts";
import { createKeyRecord, type SigningKey } from "../key-record.ts";
import type { ComplaintContent, DealContent, JoinContent } from "./ceremony-messages.ts";
import type { CeremonyRoles } from "./ceremony-roles.ts";
import {
  combineDealings,
  combineShares,
  isShareFor,
  isShareOf,
  makeDealing,
  resharedConstant,
} from "./dealing.ts";
import type { GroupStatement } from "./group-record.ts";
import { type Read, readDeals, readJoins, transcriptOf } from "./read-ceremony.ts";
import { openShare, sealShare } from "./share-channel.ts";
import { messageDigest, signMessage, type SignedMessage } from "./signed-message.ts";

/** A member's secret: its point on the group's polynomial. Never leaves the enclave but sealed. */
export interface MemberShare {
  readonly index: number;
  /** Scalar, 32 bytes. */
  readonly share: Uint8Array;
}

/** What `receive` gives: a share that may be kept, and the confirmation; or a complaint. */
export type Received =
  | {
      readonly kind: "confirmed";
      readonly message: SignedMessage;
      readonly statement: GroupStatement;
      readonly member: MemberShare;
    }
  | { readonly kind: "complained"; readonly message: SignedMessage };

/** One member's side of one key ceremony; each step once. Lost with the process, by intent. */
export interface KeyCeremony {
  readonly id: Digest;
  /** New index; null for a dealer that leaves. */
  readonly index: number | null;
  join(): SignedMessage;
  /** Throws `FROST_CEREMONY_ORDER` (no dealer; done before), `FROST_MESSAGE_INVALID`, `FROST_MESSAGE_MISSING`, … */
  deal(joins: readonly unknown[]): Promise<SignedMessage>;
  /** Throws `FROST_DEALING_BAD`, `FROST_KEY_UNUSABLE`, `FROST_CEREMONY_ORDER`, … */
  receive(joins: readonly unknown[], deals: readonly unknown[]): Promise<Received>;
}

export interface CeremonyParts {
  readonly roles: CeremonyRoles;
  /** The member's attested Ed25519 key. */
  readonly key: SigningKey;
  /** The share of the epoch before, where this member deals. */
  readonly old: MemberShare | null;
}

/**
 * Take part in a ceremony. A new key: everyone deals a random polynomial with a proof that it knows its constant
 * (FROST20 figure 1; no dealer holds more than its own part). A resharing: old members deal their part of the old key.
 * Throws `FROST_MEMBER_UNKNOWN` (the key has no part in it), `FROST_CEREMONY_ORDER` (a dealer without its share).
 */
export const openKeyCeremony = ({ roles, key, old }: CeremonyParts): KeyCeremony => {
  const { ceremony, plan, dealers, previous } = roles;
  const { keyid } = key.record;
  const place = plan.members.findIndex((member) => member.keyid === keyid);
  const index = place < 0 ? null : place + 1;
  const dealer = dealers.find((each) => each.key.keyid === keyid) ?? null;
  if (index === null && dealer === null) throw fabricError("FROST_MEMBER_UNKNOWN", { keyid });
  const order = (reason: string) => fabricError("FROST_CEREMONY_ORDER", { ceremony, reason });
  if (dealer && previous) {
    const verifyingShare = previous.members[dealer.index - 1]?.verifyingShare ?? "";
    if (old?.index !== dealer.index || !isShareFor(old.share, verifyingShare))
      throw order("its share of the epoch before is not held");
  }

  const channels = new Map<number, Uint8Array>();
  if (index !== null) for (const each of dealers) channels.set(each.index, generateX25519());
  const joinContent: JoinContent = {
    ceremony,
    index,
    channels: [...channels].map(([from, secret]) => ({
      dealer: from,
      key: bytesToHex(x25519PublicKey(secret)),
    })),
  };
  const joined = signMessage("join", joinContent, key);
  let dealtFor: Digest | null = null;
  let received = false;

  const ownJoinIn = (messages: readonly SignedMessage[]): void => {
    if (index !== null && !messages.some(({ payload }) => payload === joined.payload))
      throw order("the joins hold another one of this member");
  };

  const complain = (wrong: readonly Read<DealContent>[], from: number): Received => {
    const content: ComplaintContent = {
      ceremony,
      index: from,
      complaints: wrong.map(({ content: { dealer: accused }, message }) => ({
        dealer: accused,
        deal: messageDigest(message),
        secret: bytesToHex(channels.get(accused) ?? new Uint8Array(32)),
      })),
    };
    return { kind: "complained", message: signMessage("complaint", content, key) };
  };

  const stateGroup = (deals: readonly Read<DealContent>[], joinsDigest: Digest): GroupStatement => {
    const { group, epoch, threshold, members } = plan;
    const combined = combineDealings(
      deals.map(({ content }) => content),
      { threshold, members: members.length },
    );
    const record = createKeyRecord("schnorr-secp256k1-keccak256", combined.key.toBytes(false));
    // By the dealers' constants it cannot be another one; a fault here must not cost the group its key.
    if (previous && record.keyid !== previous.key.keyid) throw order("the key is another one");
    return {
      format: "cryptlet-group/v1",
      group,
      epoch,
      threshold,
      members: members.map((member, at) => ({
        index: at + 1,
        key: member,
        verifyingShare: bytesToHex(combined.verifyingShares[at]?.toBytes() ?? new Uint8Array()),
      })),
      key: record,
      transcript: transcriptOf(ceremony, joinsDigest, deals),
      previous: previous?.transcript ?? null,
    };
  };

  return {
    id: ceremony,
    index,
    join: () => joined,
    deal: async (messages) => {
      if (!dealer) throw order("this member is no dealer");
      if (dealtFor !== null) throw order("it dealt already");
      const { joins, digest } = readJoins(roles, messages);
      ownJoinIn(joins.map(({ message }) => message));
      dealtFor = digest;
      const context = {
        ceremony,
        dealer: dealer.index,
        threshold: plan.threshold,
        members: plan.members.length,
      };
      const indices = dealers.map((each) => each.index);
      const constant = previous && old && resharedConstant(old.share, dealer.index, indices);
      const dealing = makeDealing(context, constant ?? undefined);
      const shares = await Promise.all(
        joins.map(async ({ content }, at) => {
          const channel = content.channels.find((each) => each.dealer === dealer.index);
          const name = { ceremony, dealer: dealer.index, to: at + 1 };
          try {
            const sealed = await sealShare(channel?.key ?? "", dealing.shareFor(at + 1), name);
            return { to: at + 1, ...sealed };
          } catch {
            const reason = `nothing can be sealed to the channel of member ${at + 1}`;
            throw fabricError("FROST_MESSAGE_INVALID", { kind: "join", reason });
          }
        }),
      );
      const { commitment, proof } = dealing;
      const content: DealContent = {
        ceremony,
        dealer: dealer.index,
        joins: digest,
        commitment: [...commitment],
        proof,
        shares,
      };
      return signMessage("deal", content, key);
    },
    receive: async (joinMessages, dealMessages) => {
      if (index === null) throw order("this member gets no share");
      if (received) throw order("it received already");
      const { joins, digest } = readJoins(roles, joinMessages);
      ownJoinIn(joins.map(({ message }) => message));
      if (dealtFor !== null && dealtFor !== digest) throw order("it dealt for other joins");
      const deals = readDeals(roles, digest, dealMessages);
      received = true;
      const opened = await Promise.all(
        deals.map(async ({ content }) => {
          const sealed = content.shares[index - 1];
          const secret = channels.get(content.dealer);
          if (!sealed || !secret) return null;
          const share = await openShare(secret, sealed, {
            ceremony,
            dealer: content.dealer,
            to: index,
          });
          return share && isShareOf(content.commitment, index, share) ? share : null;
        }),
      );
      const wrong = deals.filter((_, at) => opened[at] === null);
      if (wrong.length > 0) return complain(wrong, index);
      const statement = stateGroup(deals, digest);
      const share = combineShares(opened.flatMap((each) => each ?? []));
      channels.clear();
      const message = signMessage("confirm", statement, key);
      return { kind: "confirmed", message, statement, member: { index, share } };
    },
  };
};
