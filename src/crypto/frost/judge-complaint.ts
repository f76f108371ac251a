import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import { x25519PublicKey } from "../hpke/hpke.ts";
import { type ComplaintContent, complaintSchema, dealSchema } from "./ceremony-messages.ts";
import type { CeremonyRoles } from "./ceremony-roles.ts";
import { isShareOf } from "./dealing.ts";
import { findDealFault, readJoins } from "./read-ceremony.ts";
import { openShare } from "./share-channel.ts";
import { messageDigest, readMessage } from "./signed-message.ts";

/** Who is at fault, by keyid: anybody with the same messages comes to the same answer. */
export interface Verdict {
  readonly atFault: "dealer" | "complainant";
  readonly keyid: Digest;
  readonly dealer: number;
  readonly reason: string;
}

/**
 * Judge a complaint by the signed messages alone: the complaint, the joins and the dealings. The
 * complainant shows the key of the channel that one dealer alone sent to, so nothing else comes to light.
 * Throws `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN` for messages that are not of this ceremony.
 */
export const judgeComplaint = async (
  roles: CeremonyRoles,
  messages: {
    readonly complaint: unknown;
    /** `join` of every new member, as the dealings were made for them. */
    readonly joins: readonly unknown[];
    readonly deals: readonly unknown[];
  },
): Promise<readonly Verdict[]> => {
  const { ceremony, participants, dealers } = roles;
  const senders = participants;
  const complaint = readMessage(messages.complaint, {
    kind: "complaint",
    schema: complaintSchema,
    senders,
  });
  const { joins, digest: joinsDigest } = readJoins(roles, messages.joins);
  const deals = messages.deals.map((each) =>
    readMessage(each, { kind: "deal", schema: dealSchema, senders }),
  );
  const { keyid } = complaint.message;
  const { index } = complaint.content;
  const join = joins[index - 1];

  const judge = async ({
    dealer: accused,
    deal: digest,
    secret: text,
  }: ComplaintContent["complaints"][number]): Promise<Verdict> => {
    const lie = (reason: string): Verdict => ({
      atFault: "complainant",
      keyid,
      dealer: accused,
      reason,
    });
    if (join?.message.keyid !== keyid || complaint.content.ceremony !== ceremony)
      return lie("it is of another ceremony or member");
    const dealer = dealers.find((each) => each.index === accused);
    const deal = deals.find(
      ({ message }) => messageDigest(message) === digest && message.keyid === dealer?.key.keyid,
    );
    if (!dealer || deal?.content.ceremony !== ceremony || deal.content.dealer !== accused)
      return lie("it names no dealing of this ceremony that this dealer signed");
    // Whoever complains has compared them; with other joins nobody can say what the dealer saw.
    if (deal.content.joins !== joinsDigest)
      throw fabricError("FROST_MESSAGE_INVALID", {
        kind: "join",
        reason: `the dealing of member ${accused} was made for other joins`,
      });
    const blame = (reason: string): Verdict => ({
      atFault: "dealer",
      keyid: dealer.key.keyid,
      dealer: accused,
      reason,
    });
    const secret = hexToBytes(text, 32);
    const channel = join.content.channels.find((each) => each.dealer === accused);
    if (channel?.key !== bytesToHex(x25519PublicKey(secret)))
      return lie("the key that it shows is not of this channel");
    const fault = findDealFault({ ...roles, dealer }, deal.content);
    if (fault !== null) return blame(fault);
    const sealed = deal.content.shares[index - 1];
    const name = { ceremony, dealer: accused, to: index };
    const share = sealed ? await openShare(secret, sealed, name) : null;
    if (!share) return blame("what it sent does not open");
    return isShareOf(deal.content.commitment, index, share)
      ? lie("the share is right")
      : blame("the share that it sent is not on its polynomial");
  };
  return Promise.all(complaint.content.complaints.map(judge));
};
