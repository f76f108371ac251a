import { readCeremonyRoles } from "../../src/crypto/frost/ceremony-roles.ts";
import { concludeCeremony } from "../../src/crypto/frost/conclude-ceremony.ts";
import type { GroupStatement } from "../../src/crypto/frost/group-record.ts";
import { openKeyCeremony } from "../../src/crypto/frost/key-ceremony.ts";
import { createNonceBook } from "../../src/crypto/frost/nonce-book.ts";
import type { GroupSigner } from "../../src/crypto/frost/sign-share.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";

/** A group whose members all live in this process: what enclaves compute, without their threads. */
export interface LocalGroup {
  readonly statement: GroupStatement;
  readonly signers: readonly GroupSigner[];
}

/** Generate a key of k-of-n, all sides here. */
export const makeLocalGroup = async (threshold: number, members: number): Promise<LocalGroup> => {
  const keys = Array.from({ length: members }, () => createSigningKey("ed25519"));
  const roles = readCeremonyRoles({
    format: "cryptlet-group-plan/v1",
    group: "bench",
    epoch: 0,
    threshold,
    members: keys.map(({ record }) => record),
    reshare: null,
    nonce: bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(32))),
  });
  const sides = keys.map((key) => openKeyCeremony({ roles, key, old: null }));
  const joins = sides.map((side) => side.join());
  const deals = await Promise.all(sides.map((side) => side.deal(joins)));
  const received = await Promise.all(sides.map((side) => side.receive(joins, deals)));
  const answers = received.map(({ message }) => message);
  const statement = verifyGroupRecord(await concludeCeremony(roles, { joins, deals, answers }));
  const signers = received.flatMap((each, at): GroupSigner[] => {
    const key = keys[at];
    if (each.kind !== "confirmed" || !key) return [];
    const { member } = each;
    return [{ statement, member, nonces: createNonceBook(member), key }];
  });
  return { statement, signers };
};
