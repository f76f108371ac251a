import { secp256k1 } from "@noble/curves/secp256k1.js";
import { beforeAll, describe, expect, it } from "vitest";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { readCeremonyRoles } from "../../src/crypto/frost/ceremony-roles.ts";
import { concludeCeremony, judgeComplaints } from "../../src/crypto/frost/conclude-ceremony.ts";
import { makeDealing, resharedConstant } from "../../src/crypto/frost/dealing.ts";
import { GROUP_ORDER, wordOf } from "../../src/crypto/frost/ecrecover-challenge.ts";
import { proofFrost } from "../../src/crypto/frost/frost-suites.ts";
import { ceremonyOf, type GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import type { KeyCeremony } from "../../src/crypto/frost/key-ceremony.ts";
import { sealShare } from "../../src/crypto/frost/share-channel.ts";
import {
  messageDigest,
  type SignedMessage,
  signMessage,
} from "../../src/crypto/frost/signed-message.ts";
import {
  createGroupRecord,
  verifyGroupRecord,
} from "../../src/crypto/frost/verify-group-record.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { resign } from "../support/forge-message.ts";
import {
  dealAll,
  keyPlan,
  makeGroup,
  memberKeys,
  openSides,
  resharePlan,
  type TestGroup,
} from "../support/group-fixture.ts";
import { failureOf } from "../support/failure-of.ts";
import { at, replaced } from "../support/list-places.ts";

// What members, coordinators and strangers may try when a group makes its key or gives it new shares. Each try ends in a
// code, and where a member cheats, in its name.

const { Point } = secp256k1;

interface Stage {
  readonly keys: readonly SigningKey[];
  readonly plan: GroupPlan;
  readonly sides: readonly KeyCeremony[];
  readonly joins: readonly SignedMessage[];
  readonly deals: readonly SignedMessage[];
}
/** A ceremony of three, two of them needed, up to the dealings. */
const openStage = async (): Promise<Stage> => {
  const keys = memberKeys(3);
  const plan = keyPlan(keys, 2);
  const sides = openSides(plan, keys);
  return { keys, plan, sides, ...(await dealAll(sides)) };
};
/** Member 2's dealing, changed and signed anew. */
const cheat = (
  { deals, keys }: Stage,
  change: Parameters<typeof resign>[2],
): readonly SignedMessage[] => replaced(deals, 1, resign(at(deals, 1), at(keys, 1), change));

interface Deal {
  readonly commitment: readonly string[];
  readonly proof: string;
  readonly shares: readonly { to: number; enc: string; ciphertext: string }[];
}

describe("a dealing that all can see to be wrong", () => {
  const expectBlamed = async (stage: Stage, deals: readonly SignedMessage[]) => {
    for (const side of [at(stage.sides, 0), at(stage.sides, 2)])
      expect(await failureOf(() => side.receive(stage.joins, deals))).toMatchObject({
        code: "FROST_DEALING_BAD",
        arguments: { member: 2 },
      });
  };

  it("is a rogue key: the others' keys taken off one's own, with no knowledge of the rest", async () => {
    const stage = await openStage();
    const others = [0, 2].map((index) => {
      const deal = JSON.parse(at(stage.deals, index).payload) as Deal;
      return Point.fromHex(at(deal.commitment, 0));
    });
    const secret = 4711n;
    const rogue = others.reduce((sum, each) => sum.subtract(each), Point.BASE.multiply(secret));
    const context = { ceremony: ceremonyOf(stage.plan), dealer: 2, threshold: 2, members: 3 };
    const mine = makeDealing(context, wordOf(secret));
    // With the proof of what it does know: the secret that the sum would have.
    await expectBlamed(
      stage,
      cheat(stage, (content) => ({
        ...content,
        commitment: [rogue.toHex(), at(mine.commitment, 1)],
        proof: mine.proof,
      })),
    );
  });

  it("has a proof of another ceremony, of another dealer, of another key, or none", async () => {
    const [stage, earlier] = [await openStage(), await openStage()];
    const old = JSON.parse(at(earlier.deals, 1).payload) as Deal;
    const context = { ceremony: ceremonyOf(stage.plan), threshold: 2, members: 3 };
    const third = makeDealing({ ...context, dealer: 3 });
    const free = proofFrost.sign(new Uint8Array(4), wordOf(5n));
    const tries: readonly Parameters<typeof resign>[2][] = [
      (content) => ({ ...content, commitment: old.commitment, proof: old.proof }),
      (content) => ({ ...content, commitment: third.commitment, proof: third.proof }),
      (content) => ({ ...content, proof: old.proof }),
      (content) => ({ ...content, proof: bytesToHex(free) }),
      (content) => ({ ...content, proof: "00".repeat(65) }),
    ];
    for (const change of tries) await expectBlamed(stage, cheat(stage, change));
  });

  it("has a point off the curve, beyond the field, or of too high or low a degree", async () => {
    const stage = await openStage();
    const offCurve = `02${"0".repeat(63)}5`;
    const beyond = `02${"f".repeat(64)}`;
    const { commitment } = JSON.parse(at(stage.deals, 1).payload) as Deal;
    const tries = [
      [at(commitment, 0), offCurve],
      [at(commitment, 0), beyond],
      [offCurve, at(commitment, 1)],
      [...commitment, at(commitment, 1)],
    ];
    for (const changed of tries)
      await expectBlamed(
        stage,
        cheat(stage, (content) => ({ ...content, commitment: changed })),
      );
  });

  it("does not deal to each member once", async () => {
    const stage = await openStage();
    const { shares } = JSON.parse(at(stage.deals, 1).payload) as Deal;
    for (const changed of [
      shares.slice(0, 2),
      [...shares].toReversed(),
      [at(shares, 0), at(shares, 0), at(shares, 2)],
    ])
      await expectBlamed(
        stage,
        cheat(stage, (content) => ({ ...content, shares: changed })),
      );
  });

  it("writes an identity point or anything else that no form allows", async () => {
    const stage = await openStage();
    const tries: readonly Parameters<typeof resign>[2][] = [
      (content) => ({ ...content, commitment: ["00", "00"] }),
      (content) => ({ ...content, commitment: [`00${"0".repeat(64)}`, `00${"0".repeat(64)}`] }),
      (content) => ({ ...content, commitment: [] }),
      (content) => ({
        ...content,
        commitment: Array.from({ length: 33 }, () => `02${"1".repeat(64)}`),
      }),
      (content) => ({ ...content, extra: 1 }),
      (content) => ({ ...content, dealer: 0 }),
      () => ({}),
      () => [],
    ];
    for (const change of tries)
      expect(
        (await failureOf(() => at(stage.sides, 0).receive(stage.joins, cheat(stage, change)))).code,
      ).toBe("FROST_MESSAGE_INVALID");
  });
});

describe("a share that one member alone can see to be wrong", () => {
  /** Member 2 deals a wrong share to member 3 and right ones to the others. */
  const dealWrongly = async (stage: Stage, plain: Uint8Array | null) => {
    const { channels } = JSON.parse(at(stage.joins, 2).payload) as {
      channels: readonly { dealer: number; key: string }[];
    };
    const channel = channels.find(({ dealer }) => dealer === 2);
    const name = { ceremony: ceremonyOf(stage.plan), dealer: 2, to: 3 };
    const sealed = plain
      ? await sealShare(channel?.key ?? "", plain, name)
      : { enc: "11".repeat(32), ciphertext: "22".repeat(48) };
    return cheat(stage, (content) => ({
      ...content,
      shares: replaced((content as unknown as Deal).shares, 2, { to: 3, ...sealed }),
    }));
  };

  it.each([
    ["another scalar", wordOf(77n)],
    ["zero", wordOf(0n)],
    ["the group's order", wordOf(GROUP_ORDER)],
    ["bytes that do not open", null],
  ])("%s: it complains, and everyone finds the dealer at fault", async (_what, plain) => {
    const stage = await openStage();
    const deals = await dealWrongly(stage, plain);
    const answers = await Promise.all(
      stage.sides.map(async (side) => (await side.receive(stage.joins, deals)).message),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(["confirm", "confirm", "complaint"]);
    const roles = readCeremonyRoles(stage.plan);
    const messages = { joins: stage.joins, deals, answers };
    expect(await judgeComplaints(roles, messages)).toMatchObject([
      { atFault: "dealer", keyid: at(stage.keys, 1).record.keyid, dealer: 2 },
    ]);
    expect(await failureOf(() => concludeCeremony(roles, messages))).toEqual({
      code: "FROST_COMPLAINT",
      arguments: { count: 1, blamed: at(stage.keys, 1).record.keyid },
    });
    // The two confirmations are no group.
    expect((await failureOf(() => createGroupRecord(answers.slice(0, 2)))).code).toBe(
      "FROST_MESSAGE_MISSING",
    );
  });

  it("shows of the other dealers nothing", async () => {
    const stage = await openStage();
    const deals = await dealWrongly(stage, wordOf(77n));
    const { message } = await at(stage.sides, 2).receive(stage.joins, deals);
    const { complaints } = JSON.parse(message.payload) as {
      complaints: readonly { dealer: number }[];
    };
    expect(complaints.map(({ dealer }) => dealer)).toEqual([2]);
  });

  it("is a lie: the one who complains is at fault", async () => {
    const stage = await openStage();
    const roles = readCeremonyRoles(stage.plan);
    const liar = at(stage.keys, 2);
    // It needs the channel's real secret to be believed; anything else is its own fault too.
    const truth = await dealWrongly(stage, wordOf(77n));
    const honest = (await at(stage.sides, 2).receive(stage.joins, truth)).message;
    const wrong = honest.kind === "complaint" ? honest : undefined;
    const { complaints } = JSON.parse(wrong?.payload ?? "{}") as {
      complaints: readonly { secret: string; deal: string }[];
    };
    const secret = at(complaints, 0).secret;
    const lie = (content: object) =>
      signMessage(
        "complaint",
        {
          ceremony: ceremonyOf(stage.plan),
          index: 3,
          complaints: [{ dealer: 2, deal: messageDigest(at(stage.deals, 1)), secret, ...content }],
        },
        liar,
      );
    const verdictOn = async (complaint: SignedMessage) =>
      (
        await judgeComplaints(roles, {
          joins: stage.joins,
          deals: stage.deals,
          answers: [complaint],
        })
      )[0];
    const own = { atFault: "complainant", keyid: liar.record.keyid };
    expect(await verdictOn(lie({}))).toMatchObject({ ...own, reason: "the share is right" });
    expect(await verdictOn(lie({ secret: "33".repeat(32) }))).toMatchObject(own);
    expect(await verdictOn(lie({ dealer: 1 }))).toMatchObject(own);
    expect(await verdictOn(lie({ deal: `sha256:${"0".repeat(64)}` }))).toMatchObject(own);
    const elsewhere = resign(lie({}), liar, (content) => ({
      ...content,
      ceremony: `sha256:${"1".repeat(64)}`,
    }));
    expect(await verdictOn(elsewhere)).toMatchObject(own);
    const forOther = resign(lie({}), liar, (content) => ({ ...content, index: 1 }));
    expect(await verdictOn(forOther)).toMatchObject(own);
  });
});

describe("different words to different members", () => {
  it("end in no record, and both dealings prove it", async () => {
    const stage = await openStage();
    // The same member deals a second time, rightly, and the coordinator gives each half to others.
    const again = openSides(stage.plan, stage.keys);
    const second = await at(again, 1).deal(replaced(stage.joins, 1, at(again, 1).join()));
    const other = resign(second, at(stage.keys, 1), (content) => ({
      ...content,
      joins: (JSON.parse(at(stage.deals, 0).payload) as { joins: string }).joins,
    }));
    const both = [...stage.deals, other];
    expect((await failureOf(() => at(stage.sides, 0).receive(stage.joins, both))).code).toBe(
      "FROST_EQUIVOCATION",
    );
    const first = await at(stage.sides, 0).receive(stage.joins, stage.deals);
    const split = await at(stage.sides, 2).receive(stage.joins, replaced(stage.deals, 1, other));
    const third = await at(stage.sides, 1).receive(stage.joins, stage.deals);
    const answers = [first, third, split].map(({ message }) => message);
    const kinds = answers.map(({ kind }) => kind);
    // Sealed to channels of another join: member 3 may not even open it.
    expect(kinds.slice(0, 2)).toEqual(["confirm", "confirm"]);
    expect(
      (
        await failureOf(() =>
          concludeCeremony(readCeremonyRoles(stage.plan), {
            joins: stage.joins,
            deals: replaced(stage.deals, 1, other),
            answers,
          }),
        )
      ).code,
    ).toMatch(/^FROST_(EQUIVOCATION|COMPLAINT)$/);
  });

  it("in a join: a dealing for other joins is refused, as is one of another ceremony", async () => {
    const stage = await openStage();
    const [again, other] = [openSides(stage.plan, stage.keys), await openStage()];
    const mixed = replaced(stage.joins, 2, at(again, 2).join());
    expect((await failureOf(() => at(stage.sides, 0).receive(mixed, stage.deals))).code).toBe(
      "FROST_CEREMONY_ORDER",
    );
    const fresh = at(openSides(stage.plan, stage.keys), 2);
    expect(
      (await failureOf(() => fresh.receive(replaced(stage.joins, 2, fresh.join()), stage.deals)))
        .code,
    ).toBe("FROST_MESSAGE_INVALID");
    expect((await failureOf(() => at(stage.sides, 0).deal(other.joins))).code).toBe(
      "FROST_CEREMONY_ORDER",
    );
    expect((await failureOf(() => at(again, 0).deal(other.joins))).code).toBe(
      "FROST_MEMBER_UNKNOWN",
    );
    const renamed = other.joins.map((join, index) =>
      resign(join, at(stage.keys, index), (content) => content),
    );
    expect((await failureOf(() => at(again, 0).deal(renamed))).code).toBe("FROST_MESSAGE_INVALID");
  });

  it("are refused from whoever is not the member that they speak for", async () => {
    const stage = await openStage();
    const stranger = createSigningKey("ed25519");
    const asStranger = resign(at(stage.deals, 1), stranger, (content) => content);
    const asOther = resign(at(stage.deals, 1), at(stage.keys, 2), (content) => content);
    const unsigned = { ...at(stage.deals, 1), signature: "0".repeat(128) };
    const otherKind = { ...at(stage.deals, 1), kind: "confirm" as const };
    for (const [forged, code] of [
      [asStranger, "FROST_MEMBER_UNKNOWN"],
      [asOther, "FROST_EQUIVOCATION"],
      [unsigned, "FROST_MESSAGE_INVALID"],
      [otherKind, "FROST_MESSAGE_INVALID"],
    ] as const) {
      const deals = replaced(stage.deals, 1, forged);
      expect((await failureOf(() => at(stage.sides, 0).receive(stage.joins, deals))).code).toBe(
        code,
      );
    }
    // Alone under another's name it is not that member's.
    const alone = [at(stage.deals, 0), at(stage.deals, 1), asOther];
    expect((await failureOf(() => at(stage.sides, 0).receive(stage.joins, alone))).code).toBe(
      "FROST_MESSAGE_INVALID",
    );
  });
});

describe("a resharing", () => {
  let old: TestGroup;
  beforeAll(async () => {
    old = await makeGroup(2, 3);
  });

  it("names a dealer that deals something else than its old share", async () => {
    const keys = memberKeys(2);
    const plan = resharePlan(old, keys, 2, [1, 2]);
    const sides = openSides(plan, [...keys, ...old.keys.slice(0, 2)], old);
    const { joins, deals } = await dealAll(sides, sides.slice(2));
    const ceremony = ceremonyOf(plan);
    const own = at(old.signers, 0).member;
    const context = { ceremony, dealer: 1, threshold: 2, members: 2 };
    // Another secret; its share without its weight; its weight for other dealers.
    const constants = [wordOf(9n), own.share, resharedConstant(own.share, 1, [1, 3])];
    for (const constant of constants) {
      const dealing = makeDealing(context, constant);
      const forged = resign(at(deals, 0), at(old.keys, 0), (content) => ({
        ...content,
        commitment: dealing.commitment,
        proof: dealing.proof,
      }));
      expect(
        await failureOf(() => at(sides, 0).receive(joins, replaced(deals, 0, forged))),
      ).toMatchObject({
        code: "FROST_DEALING_BAD",
        arguments: { member: 1 },
      });
    }
  });

  it("needs the old threshold, the next epoch, the group's name and a record that holds", async () => {
    const keys = memberKeys(3);
    const good = resharePlan(old, keys, 2, [1, 2]);
    const { confirmations, statement } = old.record;
    const forged = {
      statement: statement.replace('"threshold":2', '"threshold":3'),
      confirmations,
    };
    const big = await makeGroup(3, 4);
    const few = { ...resharePlan(big, keys, 2, [1, 2]) };
    for (const [plan, code] of [
      [{ ...good, epoch: 2 }, "FROST_PLAN_INVALID"],
      [{ ...good, epoch: 0 }, "FROST_PLAN_INVALID"],
      [{ ...good, group: "another" }, "FROST_PLAN_INVALID"],
      [{ ...good, reshare: { record: old.record, dealers: [1, 7] } }, "FROST_PLAN_INVALID"],
      [{ ...good, reshare: { record: old.record, dealers: [1, 1] } }, "FROST_PLAN_INVALID"],
      [{ ...good, reshare: { record: forged, dealers: [1, 2] } }, "FROST_RECORD_INVALID"],
      [few, "FROST_PLAN_INVALID"],
      [{ ...good, threshold: 1 }, "FROST_PLAN_INVALID"],
      [{ ...good, threshold: 4 }, "FROST_PLAN_INVALID"],
      [{ ...good, members: [...good.members, at(good.members, 0)] }, "FROST_PLAN_INVALID"],
      [{ ...good, extra: true }, "FROST_PLAN_INVALID"],
      [null, "FROST_PLAN_INVALID"],
    ] as const)
      expect((await failureOf(() => readCeremonyRoles(plan))).code).toBe(code);
  });

  it("is not open to a dealer whose share is another one", async () => {
    const keys = memberKeys(2);
    const strange = await makeGroup(2, 3);
    const plan = resharePlan(old, keys, 2, [1, 2]);
    const mixed = { ...old, signers: strange.signers };
    expect((await failureOf(() => openSides(plan, old.keys.slice(0, 1), mixed))).code).toBe(
      "FROST_CEREMONY_ORDER",
    );
    expect((await failureOf(() => openSides(plan, memberKeys(1), old))).code).toBe(
      "FROST_MEMBER_UNKNOWN",
    );
  });
});

describe("a group's record", () => {
  it("is nothing with one confirmation missing, twice, of a stranger, or over other words", async () => {
    const group = await makeGroup(2, 3);
    const { statement, confirmations } = group.record;
    const [first, second, third] = confirmations;
    if (!first || !second || !third) throw new Error("three members");
    const stranger = createSigningKey("ed25519");
    const strange = signMessage("confirm", JSON.parse(statement) as object, stranger);
    const cases = [
      [first, second],
      [first, second, second],
      [first, second, { keyid: strange.keyid, signature: strange.signature }],
      [first, second, { ...third, signature: second.signature }],
    ];
    for (const given of cases)
      expect(
        (await failureOf(() => verifyGroupRecord({ statement, confirmations: given }))).code,
      ).toBe("FROST_RECORD_INVALID");
    const bent = [
      statement.replace('"epoch":0', '"epoch":1'),
      statement.replace('"index":1', '"index":2'),
      statement.replace("cryptlet-group/v1", "cryptlet-group/v2"),
      statement.slice(0, -1),
      "null",
      `${statement} `,
    ];
    for (const text of bent)
      expect(
        (await failureOf(() => verifyGroupRecord({ statement: text, confirmations }))).code,
      ).toBe("FROST_RECORD_INVALID");
    expect((await failureOf(() => verifyGroupRecord(null))).code).toBe("FROST_RECORD_INVALID");
    // A group of two that calls itself one of another threshold, with its members' blessing: the form is held all the same.
    const bold = { ...(JSON.parse(statement) as { members: object[] }), threshold: 4 };
    const blessed = group.keys.map((key) => signMessage("confirm", bold, key));
    expect((await failureOf(() => createGroupRecord(blessed))).code).toBe("FROST_RECORD_INVALID");
  });
});
