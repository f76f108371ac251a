import { expect, test } from "vitest";
import { failureOf } from "../../../test/support/failure-of.ts";
import {
  dealAll,
  keyPlan,
  makeGroup,
  memberKeys,
  openSides,
  resharePlan,
} from "../../../test/support/group-fixture.ts";
import { at } from "../../../test/support/list-places.ts";
import { readCeremonyRoles } from "./ceremony-roles.ts";
import { concludeCeremony } from "./conclude-ceremony.ts";
import { ceremonyOf } from "./group-plan.ts";
import { createGroupRecord, verifyGroupRecord } from "./verify-group-record.ts";

const order = { code: "FROST_CEREMONY_ORDER" };

test("each step is done once, in its order, by those whose step it is", async () => {
  const old = await makeGroup(2, 2);
  const keys = memberKeys(2);
  const sides = openSides(resharePlan(old, keys, 2, [1, 2]), [...keys, ...old.keys], old);
  const { joins, deals } = await dealAll(sides, sides.slice(2));
  const [member, leaving] = [at(sides, 0), at(sides, 2)];
  expect([member.index, leaving.index]).toEqual([1, null]);
  expect(await failureOf(() => member.deal(joins))).toMatchObject(order);
  expect(await failureOf(() => leaving.deal(joins))).toMatchObject(order);
  expect(await failureOf(() => leaving.receive(joins, deals))).toMatchObject(order);
  expect((await member.receive(joins, deals)).kind).toBe("confirmed");
  expect(await failureOf(() => member.receive(joins, deals))).toMatchObject(order);
});

test("what is missing is counted, and nothing is lost by it", async () => {
  const keys = memberKeys(3);
  const sides = openSides(keyPlan(keys, 2), keys);
  const { joins, deals } = await dealAll(sides);
  const first = at(sides, 0);
  expect(await failureOf(() => first.receive(joins.slice(1), deals))).toEqual({
    code: "FROST_MESSAGE_MISSING",
    arguments: { missing: 1, wanted: 3, kind: "join" },
  });
  expect(await failureOf(() => first.receive(joins, deals.slice(0, 1)))).toEqual({
    code: "FROST_MESSAGE_MISSING",
    arguments: { missing: 2, wanted: 3, kind: "deal" },
  });
  const answers = await Promise.all(sides.map((side) => side.receive(joins, deals)));
  const confirms = answers.map(({ message }) => message);
  expect(await failureOf(() => createGroupRecord(confirms.slice(1)))).toMatchObject({
    code: "FROST_MESSAGE_MISSING",
  });
  expect(await failureOf(() => createGroupRecord([]))).toMatchObject({
    code: "FROST_MESSAGE_MISSING",
  });
});

test("the order in which messages come changes nothing of the record", async () => {
  const keys = memberKeys(3);
  const plan = keyPlan(keys, 3);
  const sides = openSides(plan, keys);
  const { joins, deals } = await dealAll(sides);
  const answers = [];
  for (const side of sides.toReversed())
    answers.push((await side.receive(joins.toReversed(), deals.toReversed())).message);
  const record = await concludeCeremony(readCeremonyRoles(plan), { joins, deals, answers });
  const { members, transcript } = verifyGroupRecord(record);
  expect(members.map(({ index }) => index)).toEqual([1, 2, 3]);
  expect(record.confirmations.map(({ keyid }) => keyid)).toEqual(
    keys.map((key) => key.record.keyid),
  );
  expect(transcript).toMatch(/^sha256:/);
});

test("two ceremonies of the same members have other names, keys and transcripts", async () => {
  const keys = memberKeys(2);
  const plans = [keyPlan(keys, 2), keyPlan(keys, 2)];
  expect(new Set(plans.map(ceremonyOf)).size).toBe(2);
  const groups = await Promise.all([makeGroup(2, 2), makeGroup(2, 2)]);
  expect(new Set(groups.map(({ statement }) => statement.key.keyid)).size).toBe(2);
  expect(new Set(groups.map(({ statement }) => statement.transcript)).size).toBe(2);
});

test("a plan is named by what it says, not by how it is written", () => {
  const plan = keyPlan(memberKeys(2), 2);
  const turned = Object.fromEntries(Object.entries(plan).toReversed());
  expect(readCeremonyRoles(turned).ceremony).toBe(ceremonyOf(plan));
});
