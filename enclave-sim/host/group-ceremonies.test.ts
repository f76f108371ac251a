import { expect, test } from "vitest";
import { failureOf } from "../../test/support/failure-of.ts";
import { freshNonce, keyPlan, memberKeys } from "../../test/support/group-fixture.ts";
import { at } from "../../test/support/list-places.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { ceremonyOf, type GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import type { GroupRecord } from "../../src/crypto/frost/group-record.ts";
import {
  createGroupRecord,
  verifyGroupRecord,
} from "../../src/crypto/frost/verify-group-record.ts";
import { signMessage } from "../../src/crypto/frost/signed-message.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import type { GroupOptions } from "./group-calls.ts";
import { createGroupCeremonies, newestShare } from "./group-ceremonies.ts";
import { openGroupStore, type GroupStore } from "./group-store.ts";

// The order of ceremonies in one enclave: real shares, real seals; evidence is judged elsewhere.

const attested = {
  keys: [],
  evidence: { type: "t", body: "" },
  epoch: 0,
  notBefore: 0,
  notAfter: 1,
};
const never = new AbortController().signal;

const openDesk = async (
  key: SigningKey,
  { options = {}, store }: { readonly options?: GroupOptions; readonly store?: GroupStore } = {},
) => {
  const kept =
    store ??
    (await openGroupStore(temporaryFolder(), {
      mrenclave: digestSchema.parse(`sha256:${"01".repeat(32)}`),
      mrsigner: "0".repeat(64),
      prodId: 0,
      svn: 1,
      cpuSvn: new Uint8Array(16),
      debug: false,
    }));
  const asked: string[][] = [];
  const own = (keyid: string) => keyid === key.record.keyid;
  const ceremonies = createGroupCeremonies({
    options,
    appraiser: {
      appraise: async (members, evidence) => {
        asked.push(members.map(({ keyid }) => keyid));
        if (evidence.some(({ type }) => type === "bad"))
          throw fabricError("FROST_MEMBER_REFUSED", { keyid: "any", reason: "bad evidence" });
      },
    },
    identity: {
      memberKey: (keyid) => (own(keyid) ? key : null),
      attestMember: async (keyid, { more }) =>
        own(keyid) ? { ...attested, keys: [key.record, ...more] } : null,
      renew: async () => ({ ...attested, keys: [key.record] }),
    },
    store: kept,
    clock: { now: () => 0 },
  });
  return { key, ceremonies, store: kept, asked };
};
type Desk = Awaited<ReturnType<typeof openDesk>>;

const confirmAll = async (
  plan: GroupPlan,
  members: readonly Desk[],
  dealers: readonly Desk[] = members,
): Promise<GroupRecord> => {
  const ceremony = ceremonyOf(plan);
  const everyone = [...new Set([...members, ...dealers])];
  const joins = await Promise.all(
    everyone.map(({ ceremonies }) => ceremonies.join({ plan, evidence: [] })),
  );
  const deals = await Promise.all(
    dealers.map(({ ceremonies }) => ceremonies.deal({ ceremony, joins })),
  );
  return createGroupRecord(
    await Promise.all(
      members.map(({ ceremonies }) => ceremonies.receive({ ceremony, joins, deals })),
    ),
  );
};
const finishAll = (record: GroupRecord, desks: readonly Desk[]) =>
  Promise.all(desks.map(({ ceremonies }) => ceremonies.finish({ record }, never)));
const start = async (count: number) => {
  const keys = memberKeys(count);
  return { keys, desks: await Promise.all(keys.map((key) => openDesk(key))) };
};
const reshareOf = (
  record: GroupRecord,
  keys: readonly SigningKey[],
  dealers: number[],
): GroupPlan => ({
  ...keyPlan(keys, 2),
  epoch: verifyGroupRecord(record).epoch + 1,
  reshare: { record, dealers },
  nonce: freshNonce(),
});

test("a share signs only when all confirmed, and its evidence has the group's key", async () => {
  const { keys, desks } = await start(2);
  const record = await confirmAll(keyPlan(keys, 2), desks);
  const { group, key } = verifyGroupRecord(record);
  expect(newestShare(at(desks, 0).store, group)).toBeUndefined();
  const finished = await finishAll(record, desks);
  expect(finished.map(({ attested: { keys: bound } }) => bound.at(-1))).toEqual([key, key]);
  expect(newestShare(at(desks, 0).store, group)).toMatchObject({ epoch: 0, index: 1 });
  // Once more is the same.
  expect(await finishAll(record, desks)).toEqual(finished);
  expect(at(desks, 0).asked).toEqual([[at(keys, 1).record.keyid]]);
});

test("a record that this enclave did not confirm moves nothing", async () => {
  const { keys, desks } = await start(2);
  const first = at(desks, 0);
  const plan = keyPlan(keys, 2);
  const record = await confirmAll(plan, desks);
  const other = (await start(2)).keys;
  const strange = await confirmAll(
    keyPlan(other, 2),
    await Promise.all(other.map((key) => openDesk(key))),
  );
  expect(await failureOf(() => first.ceremonies.finish({ record: strange }, never))).toMatchObject({
    code: "FROST_RECORD_INVALID",
  });
  await first.ceremonies.abandon({ ceremony: ceremonyOf(plan) });
  expect(await failureOf(() => first.ceremonies.finish({ record }, never))).toMatchObject({
    code: "FROST_GROUP_UNKNOWN",
  });
  expect(first.store.all()).toEqual([]);
});

test("a group that exists is not made anew, and its epochs follow each other", async () => {
  const { keys, desks } = await start(3);
  const [one, two, three] = [at(desks, 0), at(desks, 1), at(desks, 2)];
  const record = await confirmAll(keyPlan(keys.slice(0, 2), 2), [one, two]);
  await finishAll(record, [one, two]);
  const again = keyPlan(keys, 2);
  expect(await failureOf(() => one.ceremonies.join({ plan: again, evidence: [] }))).toMatchObject({
    code: "FROST_EPOCH_WRONG",
  });
  const plan = reshareOf(record, keys.slice(1), [1, 2]);
  const next = await confirmAll(plan, [two, three], [one, two]);
  // Until it is finished the old share is there.
  expect(newestShare(two.store, "gold/xau-usd")?.epoch).toBe(0);
  await finishAll(next, [one, two, three]);
  expect(one.store.all()).toEqual([]);
  expect(two.store.all().map(({ epoch }) => epoch)).toEqual([1]);
  expect(three.store.all().map(({ epoch }) => epoch)).toEqual([1]);
  // An old record deals no more.
  const late = reshareOf(record, keys.slice(1), [1, 2]);
  expect(await failureOf(() => two.ceremonies.join({ plan: late, evidence: [] }))).toMatchObject({
    code: "FROST_EPOCH_WRONG",
  });
  expect(await failureOf(() => one.ceremonies.join({ plan: late, evidence: [] }))).toMatchObject({
    code: "FROST_CEREMONY_ORDER",
  });
});

test("a share is given up to members whose evidence was judged, and to no strangers", async () => {
  const { keys, desks } = await start(3);
  const record = await confirmAll(keyPlan(keys, 2), desks);
  await finishAll(record, desks);
  // Anybody can sign such words with keys of their own.
  const before = verifyGroupRecord(record);
  const strangers = memberKeys(3);
  const words = {
    ...before,
    epoch: 1,
    previous: before.transcript,
    members: before.members.map((member, place) => ({
      ...member,
      key: at(strangers, place).record,
    })),
  };
  const forged = createGroupRecord(strangers.map((key) => signMessage("confirm", words, key)));
  const evidence = [{ type: "bad", body: "" }];
  const [dealing, idle] = [at(desks, 0), at(desks, 2)];
  for (const { ceremonies, store } of [dealing, idle]) {
    expect(
      await failureOf(() => ceremonies.finish({ record: forged, evidence }, never)),
    ).toMatchObject({ code: "FROST_MEMBER_REFUSED" });
    expect(store.all()).toHaveLength(1);
  }
  // A dealer has judged the new members when it joined; one that did not deal judges them now.
  const fresh = await start(2);
  const plan = reshareOf(record, fresh.keys, [1, 2]);
  const next = await confirmAll(plan, fresh.desks, [dealing, at(desks, 1)]);
  await dealing.ceremonies.finish({ record: next, evidence }, never);
  expect(dealing.store.all()).toEqual([]);
  expect(
    await failureOf(() => idle.ceremonies.finish({ record: next, evidence }, never)),
  ).toMatchObject({ code: "FROST_MEMBER_REFUSED" });
  await idle.ceremonies.finish({ record: next, evidence: [] }, never);
  expect(idle.store.all()).toEqual([]);
});

test("a record that does not follow takes no share away", async () => {
  const { keys, desks } = await start(2);
  const record = await confirmAll(keyPlan(keys, 2), desks);
  await finishAll(record, desks);
  const first = at(desks, 0);
  // A stranger's group of the same name, one epoch on.
  const outside = await start(2);
  const strange = await confirmAll(keyPlan(outside.keys, 2), outside.desks);
  await finishAll(strange, outside.desks);
  const moved = await confirmAll(reshareOf(strange, outside.keys, [1, 2]), outside.desks);
  expect(await failureOf(() => first.ceremonies.finish({ record: moved }, never))).toMatchObject({
    code: "FROST_RECORD_INVALID",
  });
  expect(first.store.all()).toHaveLength(1);
});

test("a pending share outlives the enclave's memory and keeps the group from another ceremony", async () => {
  const { keys, desks } = await start(2);
  const plan = keyPlan(keys, 2);
  const record = await confirmAll(plan, desks);
  const reborn = await openDesk(at(keys, 0), { store: at(desks, 0).store });
  expect(
    await failureOf(() => reborn.ceremonies.join({ plan: keyPlan(keys, 2), evidence: [] })),
  ).toEqual({
    code: "FROST_CEREMONY_ORDER",
    arguments: {
      ceremony: ceremonyOf(plan),
      reason: "it is confirmed and not finished; finish or abandon it first",
    },
  });
  expect((await reborn.ceremonies.finish({ record }, never)).record).toEqual(record);
  // What was only joined is gone.
  const other = keyPlan(keys, 2, "other");
  await at(desks, 1).ceremonies.join({ plan: other, evidence: [] });
  const gone = await openDesk(at(keys, 1), { store: at(desks, 1).store });
  const request = { ceremony: ceremonyOf(other), joins: [] };
  expect(await failureOf(() => gone.ceremonies.deal(request))).toMatchObject({
    code: "FROST_CEREMONY_UNKNOWN",
  });
});

test("thresholds below what is allowed, strangers' plans and too many ceremonies are refused", async () => {
  const keys = memberKeys(3);
  const strict = await openDesk(at(keys, 0), { options: { minThreshold: 3 } });
  expect(
    await failureOf(() => strict.ceremonies.join({ plan: keyPlan(keys, 2), evidence: [] })),
  ).toMatchObject({ code: "FROST_NOT_ALLOWED" });
  const stranger = await openDesk(createSigningKey("ed25519"));
  expect(
    await failureOf(() => stranger.ceremonies.join({ plan: keyPlan(keys, 2), evidence: [] })),
  ).toMatchObject({ code: "FROST_MEMBER_UNKNOWN" });
  const busy = await openDesk(at(keys, 0));
  const plans = Array.from({ length: 9 }, (_, number) => keyPlan(keys, 2, `group-${number}`));
  for (const plan of plans.slice(0, 8)) await busy.ceremonies.join({ plan, evidence: [] });
  const last = at(plans, 8);
  expect(await failureOf(() => busy.ceremonies.join({ plan: last, evidence: [] }))).toMatchObject({
    code: "FROST_CEREMONIES_FULL",
  });
  // The same one again is no further one.
  const first = at(plans, 0);
  const twice = [1, 2].map(() => busy.ceremonies.join({ plan: first, evidence: [] }));
  expect(new Set((await Promise.all(twice)).map(({ payload }) => payload)).size).toBe(1);
  await busy.ceremonies.abandon({ ceremony: ceremonyOf(first) });
  expect((await busy.ceremonies.join({ plan: last, evidence: [] })).kind).toBe("join");
});

test("a resharing lowers no threshold unless the options say so", async () => {
  const keys = memberKeys(3);
  const desks = await Promise.all(keys.map((key) => openDesk(key)));
  const record = await confirmAll(keyPlan(keys, 3), desks);
  await finishAll(record, desks);
  const plan = reshareOf(record, keys, [1, 2, 3]);
  const first = at(desks, 0);
  expect(await failureOf(() => first.ceremonies.join({ plan, evidence: [] }))).toMatchObject({
    code: "FROST_NOT_ALLOWED",
  });
  const willing = await openDesk(at(keys, 0), {
    store: first.store,
    options: { minThreshold: 2 },
  });
  expect((await willing.ceremonies.join({ plan, evidence: [] })).kind).toBe("join");
});
