import type { FollowedFeed } from "../../src/coordinator/quorum-follower.ts";
import type { GroupStep } from "../../src/coordinator/quorum-messages.ts";
import { readOwnStatement } from "../../src/coordinator/statement.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { readCeremonyRoles } from "../../src/crypto/frost/ceremony-roles.ts";
import type { GroupRecord } from "../../src/crypto/frost/group-record.ts";
import {
  type KeyCeremony,
  type MemberShare,
  openKeyCeremony,
} from "../../src/crypto/frost/key-ceremony.ts";
import { createNonceBook } from "../../src/crypto/frost/nonce-book.ts";
import {
  commitNonces,
  type GroupSigner,
  makeSignatureShare,
} from "../../src/crypto/frost/sign-share.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import { openSigningSession } from "../../src/crypto/frost/signing-session.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { keccak256 } from "../../src/crypto/hashes.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import type { TestMember } from "./quorum-fixture.ts";

/** A member's part in a group without an enclave: the very protocol, and whatever lie a test asks for. */
export interface TestGroupPart {
  readonly perform: NonNullable<FollowedFeed["group"]>;
  record(): GroupRecord | null;
  /** Steps that it was asked for. */
  readonly asked: GroupStep[];
}

interface Body {
  readonly plan?: unknown;
  readonly joins?: readonly SignedMessage[];
  readonly deals?: readonly SignedMessage[];
  readonly record?: GroupRecord;
  readonly statement?: string;
  readonly commitments?: readonly SignedMessage[];
}

const busy = () => fabricError("QUORUM_BUSY", { limit: 1 });
const gone = () => fabricError("FROST_GROUP_UNKNOWN", { group: "gold", epoch: 0 });

export const createTestGroupPart = (
  member: TestMember,
  options: {
    /** What the member says instead; null: an error. */
    readonly lie: (step: GroupStep, message: SignedMessage) => SignedMessage | null;
    /** How often it fails to take a record. */
    readonly deaf: number;
  },
): TestGroupPart => {
  let { deaf } = options;
  let side: KeyCeremony | null = null;
  let pending: MemberShare | null = null;
  let signer: GroupSigner | null = null;
  let record: GroupRecord | null = null;
  const asked: GroupStep[] = [];
  const key = member.json;

  const answer = async (step: GroupStep, body: Body): Promise<SignedMessage | null> => {
    const { joins = [], deals = [], commitments = [] } = body;
    switch (step) {
      case "join":
        side = openKeyCeremony({
          roles: readCeremonyRoles(body.plan),
          key,
          old: signer?.member ?? null,
        });
        return side.join();
      case "deal":
        if (!side) throw gone();
        return await side.deal(joins);
      case "receive": {
        if (!side) throw gone();
        const received = await side.receive(joins, deals);
        pending = received.kind === "confirmed" ? received.member : null;
        return received.message;
      }
      case "commit":
        if (!signer) throw gone();
        return commitNonces(signer, 1)[0] ?? null;
      case "share": {
        if (!signer) throw gone();
        const { onchain } = readOwnStatement(body.statement ?? "");
        if (!onchain) throw gone();
        const hash = keccak256(preAuthEncoding(OBSERVATION_SOLABI_TYPE, onchain));
        return makeSignatureShare(signer, openSigningSession(signer.statement, commitments, hash));
      }
      default:
        return null;
    }
  };
  const finish = (given: GroupRecord): void => {
    const statement = verifyGroupRecord(given);
    const mine = statement.members.some((each) => each.key.keyid === key.record.keyid);
    if (mine && !pending && record?.statement !== given.statement) throw gone();
    if (mine && pending) {
      signer = { statement, member: pending, nonces: createNonceBook(pending), key };
      pending = null;
    }
    if (!mine) signer = null;
    record = mine ? given : null;
  };

  return {
    asked,
    record: () => record,
    perform: async (step, text) => {
      asked.push(step);
      const body = JSON.parse(text) as Body;
      if (step === "held") return JSON.stringify(record);
      if (step === "finish") {
        deaf -= 1;
        if (deaf >= 0) throw busy();
        if (body.record) finish(body.record);
        return "{}";
      }
      const message = await answer(step, body);
      const said = message && options.lie(step, message);
      if (!said) throw busy();
      return JSON.stringify(said);
    },
  };
};
