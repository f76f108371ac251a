import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GroupStep } from "../../src/coordinator/quorum-messages.ts";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { feedIdSchema } from "../../src/core/ids.ts";
import { ceremonyOf, type GroupPlan } from "../../src/crypto/frost/group-plan.ts";
import { GROUP_LIMITS } from "../../src/crypto/frost/group-limits.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import {
  type ProviderEmulator,
  startProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { createGroupPart } from "../../src/host/group-part.ts";
import { failureOf } from "../support/failure-of.ts";
import {
  confirmCeremony,
  type GroupHost,
  holdCeremony,
  planFor,
  startGroupHosts,
} from "../support/group-enclaves.ts";
import { feedOf } from "../support/quorum-fixture.ts";

// What a host lets its own, real enclave do, whoever asks for it over the bus.

const TIMEOUT_MS = 5_000;
const { signal } = new AbortController();
let emulator: ProviderEmulator;
let hosts: readonly GroupHost[];
beforeAll(async () => {
  emulator = await startProviderEmulator({ seed: "group part", maxStepPpm: 0 });
  const { address, port, caPem } = emulator;
  hosts = await startGroupHosts(4, {
    sources: { mode: "emulated", address, port, caPem, allowPrivateAddresses: true },
  });
});
afterAll(async () => {
  await Promise.all(hosts.map(({ fixture }) => fixture.stop()));
  await emulator.close();
});

const pick = (...at: number[]): readonly GroupHost[] => at.flatMap((each) => hosts[each] ?? []);
const namesOf = (members: readonly GroupHost[]) =>
  members.map((host) => ({ id: `host-${hosts.indexOf(host) + 1}`, keys: [host.key] }));

/** The part of the first of these hosts, which is configured for all of them. */
const openPart = (group: string, members: readonly GroupHost[], threshold = 2) => {
  const [own] = members;
  if (!own) throw new Error("no host");
  const clock = createManualClock(Date.now());
  const quorum = feedOf(namesOf(members), {
    feed: feedIdSchema.parse(group),
    threshold,
    timeoutMs: TIMEOUT_MS,
  });
  const part = createGroupPart(quorum, own.cryptlet, { find: async () => null }, clock);
  const say = async (step: GroupStep, body: object): Promise<unknown> =>
    JSON.parse(await part(step, JSON.stringify(body), { signal }));
  return { clock, say, own };
};
const evidenceOf = (all: readonly GroupHost[]) => all.map(({ cryptlet }) => cryptlet.evidence);
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  (await failureOf(() => work)).code;

describe("a host's part in a group", () => {
  it("takes no plan but that of its own configuration", async () => {
    const members = pick(0, 1, 2);
    const { say } = openPart("strict", members);
    const plan = planFor(members, 2, null, "strict");
    const evidence = evidenceOf(hosts);
    const tries: readonly GroupPlan[] = [
      planFor(members, 3, null, "strict"),
      planFor(pick(0, 1), 2, null, "strict"),
      planFor(pick(0, 1, 3), 2, null, "strict"),
      planFor(pick(1, 0, 2), 2, null, "strict"),
      planFor(hosts, 2, null, "strict"),
      planFor(members, 2, null, "another"),
    ];
    for (const wrong of tries)
      expect(await codeOf(say("join", { plan: wrong, evidence }))).toBe("FROST_PLAN_INVALID");
    expect(await say("held", {})).toBeNull();
    expect(await say("join", { plan, evidence: evidenceOf(members) })).toMatchObject({
      kind: "join",
    });
  });

  it("gives its key new shares for its own configuration alone, dealt by those that stay", async () => {
    const [before, after] = [pick(0, 1, 2), pick(0, 1, 3)];
    const [finished] = await holdCeremony(planFor(before, 2, null, "moved"), before);
    if (!finished) throw new Error("no group");
    const { record } = finished;
    const evidence = evidenceOf(hosts);
    // As it is: nothing to do, whoever asks.
    const same = openPart("moved", before);
    const again = planFor(before, 2, { record, dealers: [1, 2] }, "moved");
    expect(await same.say("held", {})).toEqual(record);
    expect(await codeOf(same.say("join", { plan: again, evidence }))).toBe("FROST_PLAN_INVALID");

    const { say } = openPart("moved", after);
    const join = (plan: GroupPlan) => say("join", { plan, evidence });
    // A new key in the place of the old one, a dealer that left, other members.
    const fresh = planFor(after, 2, null, "moved");
    const byLeaver = planFor(after, 2, { record, dealers: [2, 3] }, "moved");
    const others = planFor(pick(0, 2, 3), 2, { record, dealers: [1, 3] }, "moved");
    for (const plan of [fresh, byLeaver, others])
      expect(await codeOf(join(plan))).toBe("FROST_PLAN_INVALID");
    const right = planFor(after, 2, { record, dealers: [1, 2] }, "moved");
    expect(await join(right)).toMatchObject({ kind: "join" });
  });

  it("forgets a ceremony that was begun when another begins, so that no number of them is too many", async () => {
    const members = pick(1, 0);
    const { say } = openPart("begun", members);
    for (let count = 0; count <= GROUP_LIMITS.openCeremonies; count += 1) {
      const plan = planFor(members, 2, null, "begun");
      await say("join", { plan, evidence: evidenceOf(members) });
    }
    const last = planFor(members, 2, null, "begun");
    const joined = await say("join", { plan: last, evidence: evidenceOf(members) });
    expect(joined).toMatchObject({ kind: "join" });
  });

  it("keeps what it confirmed until its coordinator has given up, and no longer", async () => {
    const members = pick(0, 1);
    const { say, clock } = openPart("confirmed", members);
    const plan = planFor(members, 2, null, "confirmed");
    const ceremony = ceremonyOf(plan);
    const evidence = evidenceOf(members);
    const [, other] = members;
    if (!other) throw new Error("no host");
    const joins = [
      await say("join", { plan, evidence }),
      await other.cryptlet.groups.join({ plan, evidence }),
    ] as SignedMessage[];
    const deals = [
      await say("deal", { ceremony, joins }),
      await other.cryptlet.groups.deal({ ceremony, joins }),
    ];
    expect(await say("receive", { ceremony, joins, deals })).toMatchObject({ kind: "confirm" });

    // The coordinator died before the other one confirmed.
    await other.cryptlet.groups.abandon({ ceremony });
    const next = planFor(members, 2, null, "confirmed");
    const begin = () => say("join", { plan: next, evidence });
    await clock.advance(3 * TIMEOUT_MS - 1);
    expect(await codeOf(begin())).toBe("FROST_CEREMONY_ORDER");
    await clock.advance(1);
    expect(await begin()).toMatchObject({ kind: "join" });
  });

  it("hands over a share when the record says that its host left, and only to attested members", async () => {
    const [before, after] = [pick(2, 0, 1), pick(0, 1, 3)];
    const [finished] = await holdCeremony(planFor(before, 2, null, "left"), before);
    if (!finished) throw new Error("no group");
    const { say } = openPart("left", before);
    const plan = planFor(after, 2, { record: finished.record, dealers: [2, 3] }, "left");
    const record = await confirmCeremony(plan, after, pick(0, 1));
    expect(await codeOf(say("finish", { record }))).toBe("FROST_MEMBER_REFUSED");
    expect(await say("held", {})).toEqual(finished.record);
    await say("finish", { record, evidence: evidenceOf(after) });
    expect(await say("held", {})).toBeNull();
  });
});
