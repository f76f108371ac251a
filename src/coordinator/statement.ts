import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { digestOf } from "../crypto/hashes.ts";
import { createVerifyingKey, type KeyRecord } from "../crypto/key-record.ts";
import { type DsseEnvelope, preAuthEncoding } from "../envelope/dsse.ts";
import {
  OBSERVATION_SOLABI_TYPE,
  OBSERVATION_TYPE,
  type Observation,
} from "../envelope/observation.ts";
import { parseObservation } from "../envelope/observation-json.ts";
import { encodeOnchainObservation, toOnchainObservation } from "../envelope/observation-solabi.ts";
import type { QuorumMember } from "./quorum-feed.ts";
import type { MemberSignature } from "./quorum-messages.ts";

/** A statement whose leader's signature held, in both forms. */
export interface Statement {
  /** Exactly the text that is signed. */
  readonly text: string;
  readonly observation: Observation;
  /** Digest of the envelope. */
  readonly digest: Digest;
  readonly payload: Uint8Array;
  /** Null for a record. */
  readonly onchain: Uint8Array | null;
}

const encoder = new TextEncoder();

const invalid = (reason: string) => fabricError("QUORUM_MESSAGE_INVALID", { reason });

const holds = (
  member: QuorumMember,
  { keyid, sig }: { readonly keyid: string; readonly sig: string },
  suite: KeyRecord["suite"],
  message: Uint8Array,
): boolean => {
  const record = member.keys.find((key) => key.keyid === keyid && key.suite === suite);
  return record !== undefined && createVerifyingKey(record).verify(decodeBase64(sig), message);
};

/**
 * Whether both signatures are this member's, over exactly this statement. Throws `QUORUM_MESSAGE_INVALID`.
 */
export const checkSignature = (
  statement: Statement,
  signature: MemberSignature,
  member: QuorumMember,
): void => {
  const { payload, onchain } = statement;
  if (!holds(member, signature.json, "ed25519", preAuthEncoding(OBSERVATION_TYPE, payload)))
    throw invalid(`the JSON form is not signed by ${member.id}`);
  if (onchain === null) {
    if (signature.onchain !== null) throw invalid("a record has no on-chain form");
    return;
  }
  const message = preAuthEncoding(OBSERVATION_SOLABI_TYPE, onchain);
  if (!signature.onchain || !holds(member, signature.onchain, "secp256k1-keccak256", message))
    throw invalid(`the on-chain form is not signed by ${member.id}`);
};

/** The on-chain form is made from the JSON form: nobody sends it. Throws `STATEMENT_MALFORMED`, `VALUE_NOT_ENCODABLE`. */
export const readOwnStatement = (text: string): Statement => {
  const payload = encoder.encode(text);
  const observation = parseObservation(payload);
  const onchain =
    observation.value.kind === "decimal"
      ? encodeOnchainObservation(toOnchainObservation(observation, digestOf(payload)))
      : null;
  const digest = digestOf(preAuthEncoding(OBSERVATION_TYPE, payload));
  return { text, observation, digest, payload, onchain };
};

/**
 * A statement from outside: the JSON form's signature is checked before anything is parsed, then the other one.
 * Throws `QUORUM_MESSAGE_INVALID`, `STATEMENT_MALFORMED`, `VALUE_NOT_ENCODABLE`.
 */
export const readSignedStatement = (
  text: string,
  signature: MemberSignature,
  member: QuorumMember,
): Statement => {
  const message = preAuthEncoding(OBSERVATION_TYPE, encoder.encode(text));
  if (!holds(member, signature.json, "ed25519", message))
    throw invalid(`the JSON form is not signed by ${member.id}`);
  const statement = readOwnStatement(text);
  checkSignature(statement, signature, member);
  return statement;
};

/** Both envelopes with the signatures of all of these members, in their order. */
export const toEnvelopes = (
  { payload, onchain }: Statement,
  signatures: readonly MemberSignature[],
): { readonly envelope: DsseEnvelope; readonly onchain: DsseEnvelope | null } => ({
  envelope: {
    payload: encodeBase64(payload),
    payloadType: OBSERVATION_TYPE,
    signatures: signatures.map(({ json }) => json),
  },
  onchain: onchain && {
    payload: encodeBase64(onchain),
    payloadType: OBSERVATION_SOLABI_TYPE,
    signatures: signatures.flatMap((each) => (each.onchain ? [each.onchain] : [])),
  },
});
