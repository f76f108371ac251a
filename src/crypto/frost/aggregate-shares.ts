import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { hexToBytes } from "../bytes.ts";
import { ecrecoverSignature } from "../suites/schnorr-secp256k1-keccak256.ts";
import { ecrecoverFrost, identifierOf } from "./frost-suites.ts";
import {
  type GroupSignature,
  type SignatureShare,
  signatureShareSchema,
} from "./signing-messages.ts";
import type { SigningSession } from "./signing-session.ts";
import { readMessage, type SignedMessage } from "./signed-message.ts";

interface ReadShare {
  readonly content: SignatureShare;
  readonly message: SignedMessage;
}

const invalid = (reason: string) => fabricError("FROST_MESSAGE_INVALID", { kind: "share", reason });

/** A share that its member signed for this session. Throws `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN`. */
const readShare = (session: SigningSession, message: unknown): ReadShare => {
  const { statement, id, commitments } = session;
  const senders = statement.members.map(({ key }) => key);
  const read = readMessage(message, { kind: "share", schema: signatureShareSchema, senders });
  const { content } = read;
  if (content.session !== id) throw invalid("it is of another session");
  if (statement.members[content.index - 1]?.key.keyid !== read.message.keyid)
    throw invalid(`another member speaks as ${content.index}`);
  if (!commitments.some(({ index }) => index === content.index))
    throw invalid(`member ${content.index} did not commit`);
  return read;
};

const isRight = (session: SigningSession, { index, share }: SignatureShare): boolean => {
  try {
    return ecrecoverFrost.verifyShare(
      session.publicKeys,
      [...session.list],
      session.message,
      identifierOf(index),
      hexToBytes(share, 32),
    );
  } catch {
    return false;
  }
};

/**
 * Whether a signed share is right for this session. Anybody can ask: group record, signed commitments and signed share
 * are the proof against a member whose share is wrong. Throws `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN`.
 */
export const isShareRight = (session: SigningSession, share: unknown): boolean =>
  isRight(session, readShare(session, share).content);

/** Those of the shares that are wrong, as their members signed them (RFC 9591 section 5.4). */
export const findBadShares = (
  session: SigningSession,
  shares: readonly unknown[],
): readonly SignedMessage[] =>
  shares
    .map((each) => readShare(session, each))
    .filter(({ content }) => !isRight(session, content))
    .map(({ message }) => message);

const collect = (session: SigningSession, shares: readonly unknown[]): readonly ReadShare[] => {
  const found = new Map<number, ReadShare>();
  for (const each of shares.slice(0, 2 * session.commitments.length)) {
    const read = readShare(session, each);
    const { index } = read.content;
    const other = found.get(index);
    if (other && other.content.share !== read.content.share)
      throw fabricError("FROST_EQUIVOCATION", { member: index, what: "two shares of one session" });
    found.set(index, read);
  }
  const missing = session.commitments.filter(({ index }) => !found.has(index));
  if (missing.length > 0)
    throw fabricError("FROST_MESSAGE_MISSING", {
      missing: missing.length,
      wanted: session.commitments.length,
      kind: "share",
    });
  return [...found.values()];
};

/**
 * Add the shares of every member that committed, check the signature, and when it does not hold say whose share was
 * wrong. No secret is needed: anyone may do it.
 * Throws `FROST_SHARE_BAD` (names the members; `findBadShares` gives the proofs), `FROST_MESSAGE_MISSING`,
 * `FROST_EQUIVOCATION`, `FROST_MESSAGE_INVALID`, `FROST_AGGREGATION_FAILED` (z or e is zero: once in 2^256).
 * @example
 * ```ts
 * const session = openSigningSession(verifyGroupRecord(record), commitments, keccak256(message));
 * const { signature } = aggregateShares(session, shares); // 52 bytes, for ecrecover
 * ```
 */
export const aggregateShares = (
  session: SigningSession,
  shares: readonly unknown[],
): GroupSignature => {
  const read = collect(session, shares);
  const byIdentifier = Object.fromEntries(
    read.map(({ content }) => [identifierOf(content.index), hexToBytes(content.share, 32)]),
  );
  const { publicKeys, list, message } = session;
  try {
    const signature = ecrecoverFrost.aggregate(publicKeys, [...list], message, byIdentifier);
    return {
      signature: ecrecoverSignature(signature),
      signers: session.commitments.map(({ index }) => index),
    };
  } catch (error) {
    if (isFabricError(error)) throw error;
    const bad = read.filter(({ content }) => !isRight(session, content));
    if (bad.length > 0) {
      const members = bad.map(({ content }) => content.index).toSorted((a, b) => a - b);
      throw fabricError("FROST_SHARE_BAD", { members: members.join(", ") });
    }
    const reason = error instanceof Error ? error.message.slice(0, 100) : "refused";
    throw fabricError("FROST_AGGREGATION_FAILED", { reason });
  }
};
