import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../bytes.ts";
import type { SigningKey } from "../key-record.ts";
import { ecrecoverFrost, identifierOf } from "./frost-suites.ts";
import type { GroupStatement } from "./group-record.ts";
import type { MemberShare } from "./key-ceremony.ts";
import type { NonceBook } from "./nonce-book.ts";
import type { NonceCommitment, SignatureShare } from "./signing-messages.ts";
import type { SigningSession } from "./signing-session.ts";
import { type SignedMessage, signMessage } from "./signed-message.ts";

/** What a member signs with. */
export interface GroupSigner {
  readonly statement: GroupStatement;
  readonly member: MemberShare;
  readonly nonces: NonceBook;
  /** Its attested Ed25519 key. */
  readonly key: SigningKey;
}

const headOf = ({ statement, member }: Pick<GroupSigner, "statement" | "member">) => {
  const { group, epoch, transcript } = statement;
  return { group, epoch, transcript, index: member.index };
};

/** Round 1: commitments to fresh nonces, before any message is known. Throws `FROST_NONCES_FULL`. */
export const commitNonces = (signer: GroupSigner, count: number): readonly SignedMessage[] =>
  signer.nonces.make(count).map(({ id, commitments }) => {
    const content: NonceCommitment = { ...headOf(signer), nonce: id, ...commitments };
    return signMessage("commitment", content, signer.key);
  });

/**
 * Round 2: a share of one signature (RFC 9591 section 5.2). The nonces are forgotten before the share is made, so that
 * no failure after that can have them sign again.
 * Throws `FROST_NONCE_UNKNOWN`, `FROST_COMMITMENTS_INVALID` (own commitment missing or another one).
 */
export const makeSignatureShare = (signer: GroupSigner, session: SigningSession): SignedMessage => {
  const { index, share } = signer.member;
  const own = session.commitments.find((each) => each.index === index);
  if (!own)
    throw fabricError("FROST_COMMITMENTS_INVALID", {
      reason: "this member's own is not among them",
    });
  const { hiding, binding, commitments } = signer.nonces.take(own.nonce);
  if (commitments.hiding !== own.hiding || commitments.binding !== own.binding)
    throw fabricError("FROST_COMMITMENTS_INVALID", { reason: "this member's own is another one" });
  const secret = { identifier: identifierOf(index), signingShare: share };
  const z = ecrecoverFrost.signShare(
    secret,
    session.publicKeys,
    { hiding, binding },
    [...session.list],
    session.message,
  );
  const content: SignatureShare = {
    ...headOf(signer),
    message: bytesToHex(session.message),
    session: session.id,
    share: bytesToHex(z),
  };
  return signMessage("share", content, signer.key);
};
