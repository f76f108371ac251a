import type { FrostPublic, NonceCommitments } from "@noble/curves/abstract/frost.js";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import { decodeBase64 } from "../base64.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { digestOf } from "../hashes.ts";
import { suiteOf } from "../suites.ts";
import { readPoint } from "./curve-points.ts";
import { identifierOf } from "./frost-suites.ts";
import type { GroupStatement } from "./group-record.ts";
import {
  commitmentListSchema,
  commitmentSchema,
  type NonceCommitment,
} from "./signing-messages.ts";
import { messageDigest, readMessage } from "./signed-message.ts";

/** One signature to be made: who signs with which commitments, checked. */
export interface SigningSession {
  readonly statement: GroupStatement;
  /** Hash that is signed, 32 bytes. */
  readonly message: Uint8Array;
  /** Names group, message and every commitment. */
  readonly id: Digest;
  /** By ascending index. */
  readonly commitments: readonly NonceCommitment[];
  /** The same as noble takes it. */
  readonly list: readonly NonceCommitments[];
  readonly publicKeys: FrostPublic;
}

/** A point over memory of its own, as noble's types ask. */
const point = (hex: string) => Uint8Array.from(hexToBytes(hex, 33));

const refuse = (reason: string) => fabricError("FROST_COMMITMENTS_INVALID", { reason });

/** Group key and verifying shares as noble takes them. */
const publicKeysOf = ({ key, members, threshold }: GroupStatement): FrostPublic => {
  const whole = suiteOf(key.suite).importSpki(decodeBase64(key.publicKey, "public key"));
  return {
    signers: { min: threshold, max: members.length },
    commitments: [secp256k1.Point.fromBytes(whole).toBytes()],
    verifyingShares: Object.fromEntries(
      members.map(({ index, verifyingShare }) => [identifierOf(index), point(verifyingShare)]),
    ),
  };
};

const readCommitment = (each: unknown, statement: GroupStatement) => {
  const senders = statement.members.map(({ key }) => key);
  const read = readMessage(each, { kind: "commitment", schema: commitmentSchema, senders });
  const { content, message } = read;
  const { group, epoch, transcript } = statement;
  if (content.group !== group || content.epoch !== epoch || content.transcript !== transcript)
    throw fabricError("FROST_EPOCH_WRONG", { group, actual: epoch, asked: content.epoch });
  if (statement.members[content.index - 1]?.key.keyid !== message.keyid)
    throw refuse(`${message.keyid} speaks as member ${content.index}`);
  try {
    readPoint(content.hiding);
    readPoint(content.binding);
  } catch {
    throw refuse(`a commitment of member ${content.index} is no point`);
  }
  return read;
};

/**
 * Whether a commitment is one of this group and epoch, and which member's. Throws `FROST_COMMITMENTS_INVALID`,
 * `FROST_EPOCH_WRONG`, `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN`.
 */
export const checkCommitment = (statement: GroupStatement, message: unknown): number =>
  readCommitment(message, statement).content.index;

/**
 * Check the commitments for one signature: signed by k to n different members of this very group and epoch.
 * Throws `FROST_COMMITMENTS_INVALID`, `FROST_EPOCH_WRONG`, `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN`.
 */
export const openSigningSession = (
  statement: GroupStatement,
  messages: unknown,
  message: Uint8Array,
): SigningSession => {
  if (message.length !== 32) throw refuse("the message is no 32-byte hash");
  const parsed = commitmentListSchema.safeParse(messages);
  if (!parsed.success) throw refuse("it is no list of 2 to 32 signed messages");
  const read = parsed.data
    .map((each) => readCommitment(each, statement))
    .toSorted((a, b) => a.content.index - b.content.index);
  const { threshold } = statement;
  if (read.length < threshold) throw refuse(`${read.length} of at least ${threshold}`);
  const indices = new Set(read.map(({ content }) => content.index));
  if (indices.size !== read.length) throw refuse("a member stands twice");
  const parts = [
    "cryptlet/frost/session/v1",
    statement.transcript,
    bytesToHex(message),
    ...read.map((each) => messageDigest(each.message)),
  ];
  const commitments = read.map(({ content }) => content);
  return {
    statement,
    message,
    id: digestOf(new TextEncoder().encode(parts.join("\0"))),
    commitments,
    list: commitments.map(({ index, hiding, binding }) => ({
      identifier: identifierOf(index),
      hiding: point(hiding),
      binding: point(binding),
    })),
    publicKeys: publicKeysOf(statement),
  };
};
