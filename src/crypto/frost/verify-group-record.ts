import * as z from "zod";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { hexToBytes } from "../bytes.ts";
import { createVerifyingKey } from "../key-record.ts";
import {
  type GroupRecord,
  groupRecordSchema,
  type GroupStatement,
  groupStatementSchema,
} from "./group-record.ts";
import { readPoint } from "./curve-points.ts";
import { messageBytes, type SignedMessage } from "./signed-message.ts";

const refuse = (reason: string) => fabricError("FROST_RECORD_INVALID", { reason });

const parse = (text: string): GroupStatement => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuse("its statement is no JSON");
  }
  const parsed = groupStatementSchema.safeParse(json);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error).slice(0, 300));
  return parsed.data;
};

const checkStatement = (statement: GroupStatement): void => {
  const { members, threshold, key, epoch, previous } = statement;
  if (threshold > members.length) throw refuse("the threshold is above the number of members");
  if (members.some(({ index }, at) => index !== at + 1))
    throw refuse("its members are not numbered from 1");
  if (new Set(members.map((member) => member.key.keyid)).size !== members.length)
    throw refuse("a member stands twice");
  if (members.some((member) => member.key.suite !== "ed25519"))
    throw refuse("a member's key is not Ed25519");
  if (key.suite !== "schnorr-secp256k1-keccak256" || key.address === undefined)
    throw refuse("the group's key is of another suite");
  if ((epoch === 0) !== (previous === null))
    throw refuse("the epoch before is missing or too much");
  try {
    createVerifyingKey(key);
    for (const { verifyingShare } of members) readPoint(verifyingShare);
  } catch (error) {
    throw refuse(isFabricError(error) ? error.message : "a verifying share is no point");
  }
};

/**
 * Read a record: every member that its statement names signed exactly this statement. Whether those members' keys are
 * attested is not said here. Throws `FROST_RECORD_INVALID`.
 * @example
 * ```ts
 * const { key, threshold, members } = verifyGroupRecord(record);
 * ```
 */
export const verifyGroupRecord = (input: unknown): GroupStatement => {
  const outer = groupRecordSchema.safeParse(input);
  if (!outer.success) throw refuse("it is no record");
  const { statement: text, confirmations } = outer.data;
  const statement = parse(text);
  checkStatement(statement);
  const { members } = statement;
  const message = messageBytes("confirm", text);
  if (confirmations.length !== members.length)
    throw refuse(`${confirmations.length} of ${members.length} members confirmed`);
  for (const { index, key } of members) {
    const confirmation = confirmations.find(({ keyid }) => keyid === key.keyid);
    if (!confirmation) throw refuse(`member ${index} did not confirm`);
    let holds: boolean;
    try {
      holds = createVerifyingKey(key).verify(hexToBytes(confirmation.signature, 64), message);
    } catch (error) {
      throw refuse(isFabricError(error) ? error.message : "a member's key is malformed");
    }
    if (!holds) throw refuse(`the confirmation of member ${index} does not hold`);
  }
  return statement;
};

/**
 * Put the confirmations of all members together. Throws `FROST_MESSAGE_MISSING`, `FROST_EQUIVOCATION` (they confirm
 * different things: somebody dealt differently to different members), `FROST_RECORD_INVALID`.
 */
export const createGroupRecord = (confirms: readonly SignedMessage[]): GroupRecord => {
  const [first] = confirms;
  if (!first)
    throw fabricError("FROST_MESSAGE_MISSING", { missing: 1, wanted: 1, kind: "confirm" });
  const other = confirms.find(
    ({ kind, payload }) => kind !== "confirm" || payload !== first.payload,
  );
  if (other)
    throw fabricError("FROST_EQUIVOCATION", {
      member: other.keyid,
      what: "the members confirm different ceremonies; compare the dealings that each got",
    });
  const { members } = parse(first.payload);
  const named = members.flatMap(
    ({ key }) => confirms.find(({ keyid }) => keyid === key.keyid) ?? [],
  );
  if (named.length < members.length)
    throw fabricError("FROST_MESSAGE_MISSING", {
      missing: members.length - named.length,
      wanted: members.length,
      kind: "confirm",
    });
  const record: GroupRecord = {
    statement: first.payload,
    confirmations: named.map(({ keyid, signature }) => ({ keyid, signature })),
  };
  verifyGroupRecord(record);
  return record;
};
