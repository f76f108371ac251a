import { readCeremonyRoles } from "../../src/crypto/frost/ceremony-roles.ts";
import type { GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import type { GroupRecord, GroupStatement } from "../../src/crypto/frost/group-record.ts";
import {
  type KeyCeremony,
  type MemberShare,
  openKeyCeremony,
  type Received,
} from "../../src/crypto/frost/key-ceremony.ts";
import { createNonceBook } from "../../src/crypto/frost/nonce-book.ts";
import {
  commitNonces,
  type GroupSigner,
  makeSignatureShare,
} from "../../src/crypto/frost/sign-share.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import { openSigningSession, type SigningSession } from "../../src/crypto/frost/signing-session.ts";
import {
  createGroupRecord,
  verifyGroupRecord,
} from "../../src/crypto/frost/verify-group-record.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";

/** A group whose members all live in this process. */
export interface TestGroup {
  readonly record: GroupRecord;
  readonly statement: GroupStatement;
  readonly keys: readonly SigningKey[];
  readonly signers: readonly GroupSigner[];
}

/** Ed25519 keys, one per member. */
export const memberKeys = (count: number): readonly SigningKey[] =>
  Array.from({ length: count }, () => createSigningKey("ed25519"));

export const freshNonce = (): string =>
  bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(32)));

export const keyPlan = (
  keys: readonly SigningKey[],
  threshold: number,
  group = "gold/xau-usd",
): GroupPlan => ({
  format: "cryptlet-group-plan/v1",
  group,
  epoch: 0,
  threshold,
  members: keys.map(({ record }) => record),
  reshare: null,
  nonce: freshNonce(),
});

export const resharePlan = (
  old: TestGroup,
  keys: readonly SigningKey[],
  threshold: number,
  dealers: readonly number[],
): GroupPlan => ({
  ...keyPlan(keys, threshold, old.statement.group),
  epoch: old.statement.epoch + 1,
  reshare: { record: old.record, dealers: [...dealers] },
});

/** Everybody's side of a ceremony, members first, then dealers that leave. */
export const openSides = (
  plan: GroupPlan,
  keys: readonly SigningKey[],
  old: TestGroup | null = null,
): readonly KeyCeremony[] => {
  const roles = readCeremonyRoles(plan);
  return keys.map((key) => {
    const at = old?.keys.findIndex(({ record }) => record.keyid === key.record.keyid) ?? -1;
    return openKeyCeremony({ roles, key, old: old?.signers[at]?.member ?? null });
  });
};

/** Steps 0 and 1. */
export const dealAll = async (
  sides: readonly KeyCeremony[],
  dealers: readonly KeyCeremony[] = sides,
): Promise<{
  readonly joins: readonly SignedMessage[];
  readonly deals: readonly SignedMessage[];
}> => {
  const joins = sides.map((side) => side.join());
  return { joins, deals: await Promise.all(dealers.map((side) => side.deal(joins))) };
};

const confirmed = (received: Received) => {
  if (received.kind === "confirmed") return received;
  throw new Error(`a complaint: ${received.message.payload}`);
};

const groupOf = (
  keys: readonly SigningKey[],
  ends: readonly { readonly message: SignedMessage; readonly member: MemberShare }[],
): TestGroup => {
  const record = createGroupRecord(ends.map(({ message }) => message));
  const statement = verifyGroupRecord(record);
  const signers = ends.map(({ member }, at) => ({
    statement,
    member,
    nonces: createNonceBook(member),
    key: keys[at] ?? createSigningKey("ed25519"),
  }));
  return { record, statement, keys, signers };
};

/** Generate a key with n members, without any dealer. */
export const makeGroup = async (threshold: number, members: number): Promise<TestGroup> => {
  const keys = memberKeys(members);
  const sides = openSides(keyPlan(keys, threshold), keys);
  const { joins, deals } = await dealAll(sides);
  const ends = await Promise.all(sides.map((side) => side.receive(joins, deals)));
  return groupOf(keys, ends.map(confirmed));
};

/** New shares of the same key for these members. */
export const reshare = async (
  old: TestGroup,
  keys: readonly SigningKey[],
  threshold: number,
  dealers: readonly number[],
): Promise<TestGroup> => {
  const plan = resharePlan(old, keys, threshold, dealers);
  const leaving = old.keys.filter(
    ({ record }, at) =>
      dealers.includes(at + 1) && !keys.some((key) => key.record.keyid === record.keyid),
  );
  const sides = openSides(plan, [...keys, ...leaving], old);
  const dealing = new Set<string>(readCeremonyRoles(plan).dealers.map(({ key }) => key.keyid));
  const everyone = [...keys, ...leaving];
  const dealerSides = sides.filter((_, at) => dealing.has(everyone[at]?.record.keyid ?? ""));
  const { joins, deals } = await dealAll(sides, dealerSides);
  const newSides = sides.slice(0, keys.length);
  const ends = await Promise.all(newSides.map((side) => side.receive(joins, deals)));
  return groupOf(keys, ends.map(confirmed));
};

/** Both rounds with these members (indices from 1). */
export const signTogether = (
  group: TestGroup,
  indices: readonly number[],
  hash: Uint8Array,
): { readonly session: SigningSession; readonly shares: readonly SignedMessage[] } => {
  const signers = indices.flatMap((index) => group.signers[index - 1] ?? []);
  const commitments = signers.flatMap((signer) => commitNonces(signer, 1));
  const session = openSigningSession(group.statement, commitments, hash);
  return { session, shares: signers.map((signer) => makeSignatureShare(signer, session)) };
};
