import { expect, it, onTestFinished } from "vitest";
import { createGroupSession, type GroupSession } from "../../src/coordinator/group-session.ts";
import type { GroupStep } from "../../src/coordinator/quorum-messages.ts";
import type { LogFields } from "../../src/core/log.ts";
import { silentLog } from "../../src/core/log.ts";
import type { GroupRecord } from "../../src/crypto/frost/group-record.ts";
import type { SignedMessage } from "../../src/crypto/frost/signed-message.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { createVerifyingKey } from "../../src/crypto/key-record.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import { failureOf } from "../support/failure-of.ts";
import { resign } from "../support/forge-message.ts";
import { freshNonce } from "../support/group-fixture.ts";
import {
  createMember,
  FABRIC,
  feedOf,
  startTestHost,
  statementOf,
  type TestHost,
  type TestMember,
} from "../support/quorum-fixture.ts";
import { createTestGroupPart, type TestGroupPart } from "../support/test-group-part.ts";
import { busContract } from "./bus-contract.ts";

const { signal } = new AbortController();
type Lie = (step: GroupStep, message: SignedMessage, member: TestMember) => SignedMessage | null;

interface GroupHost extends TestHost {
  readonly part: TestGroupPart;
  readonly session: GroupSession;
}

busContract("groups over several hosts", ({ open }) => {
  /** What was logged as a warning or an error, with its fields. */
  const openHosts = async (
    ids: readonly string[],
    lies: Readonly<Record<string, Lie>> = {},
    /** How often a host fails to hear of the end of a ceremony. */
    deaf: Readonly<Record<string, number>> = {},
  ) => {
    const all = ids.map(createMember);
    const bus = await open();
    const said: { readonly message: string; readonly fields: LogFields }[] = [];
    const note = (message: string, fields: LogFields = {}) => void said.push({ message, fields });
    const log = { ...silentLog, warn: note, error: note };
    const hosts = new Map<string, GroupHost>();
    const start = async (id: string, members: readonly string[]): Promise<GroupHost> => {
      const member = all.find((each) => each.id === id);
      if (!member) throw new Error(`no member ${id}`);
      const known = hosts.get(id);
      await known?.follower.stop();
      const lie = lies[id];
      const part =
        known?.part ??
        createTestGroupPart(member, {
          lie: (step, message) => (lie ? lie(step, message, member) : message),
          deaf: deaf[id] ?? 0,
        });
      const feed = feedOf(all.filter((each) => members.includes(each.id)));
      const host = await startTestHost({ bus, member, feed, group: part.perform });
      onTestFinished(() => host.follower.stop());
      const session = createGroupSession({
        bus,
        fabric: FABRIC,
        self: id,
        membership: host.membership,
        log,
        hosts: all,
        freshNonce,
      });
      const started = { ...host, part, session };
      hosts.set(id, started);
      return started;
    };
    const get = (id: string): GroupHost => {
      const host = hosts.get(id);
      if (!host) throw new Error(`no host ${id}`);
      return host;
    };
    for (const id of ids) await start(id, ids);
    return { get, start, said };
  };
  const make = async ({ session, followed }: GroupHost): Promise<GroupRecord> =>
    await session.keep(followed, { signal });
  const sign = async (
    { session, followed }: GroupHost,
    record: GroupRecord,
    members: readonly string[],
    round = 1,
  ) => {
    const statement = statementOf(round);
    const signature = await session.sign(followed, record, statement, {
      members: () => members,
      signal,
    });
    if (!signature || !statement.onchain) return null;
    const message = preAuthEncoding(OBSERVATION_SOLABI_TYPE, statement.onchain);
    return createVerifyingKey(verifyGroupRecord(record).key).verify(signature, message);
  };
  /** Another scalar than the right one, signed as the member signs. */
  const wrongShare: Lie = (step, message, { json }) =>
    step === "share"
      ? resign(message, json, (content) => ({ ...content, share: `${"00".repeat(31)}07` }))
      : message;

  it("make one key and sign with any two", async () => {
    const { get } = await openHosts(["a", "b", "c"]);
    const record = await make(get("a"));
    expect(verifyGroupRecord(record)).toMatchObject({ epoch: 0, threshold: 2 });
    for (const id of ["b", "c"]) expect(get(id).part.record()).toEqual(record);
    expect(await sign(get("a"), record, ["a", "c"])).toBe(true);
    expect(await sign(get("b"), record, ["b", "c"], 2)).toBe(true);
    // Whoever leads next finds the key and makes no other.
    expect(await make(get("b"))).toEqual(record);
    expect(get("c").part.asked.filter((step) => step === "join")).toHaveLength(1);
  });

  it("name the host whose share is wrong, and sign with another one", async () => {
    const { get, said } = await openHosts(["a", "b", "c"], { b: wrongShare });
    const record = await make(get("a"));
    expect(await sign(get("a"), record, ["a", "b", "c"])).toBe(true);
    expect(said).toEqual([
      {
        message: "a member's share of the group's signature is wrong",
        fields: { feed: "xau-usd", members: ["b"] },
      },
    ]);
    // Without another one there is no signature: the list stands.
    expect(await sign(get("a"), record, ["a", "b"], 2)).toBeNull();
  });

  it("count a commitment of another member, or none, against whoever gave it", async () => {
    let stolen: SignedMessage | null = null;
    const { get, said } = await openHosts(["a", "b", "c"], {
      a: (step, message) => {
        if (step === "commit") stolen = message;
        return message;
      },
      b: (step, message) => (step === "commit" ? stolen : message),
    });
    const record = await make(get("a"));
    for (const round of [1, 2]) {
      expect(await sign(get("a"), record, ["a", "b", "c"], round)).toBe(true);
      expect(said.splice(0)).toMatchObject([{ fields: { member: "b" } }]);
    }
  });

  it("name the host that deals wrongly, and make no key", async () => {
    const { get } = await openHosts(["a", "b", "c"], {
      b: (step, message, { json }) =>
        step === "deal"
          ? resign(message, json, (content) => ({
              ...content,
              shares: (content["shares"] as readonly { to: number }[]).map((share) =>
                share.to === 3 ? { ...share, ciphertext: "22".repeat(48) } : share,
              ),
            }))
          : message,
    });
    const culprit = get("b").member.json.record.keyid;
    expect(await failureOf(() => make(get("a")))).toMatchObject({
      code: "FROST_COMPLAINT",
      arguments: { count: 1, blamed: culprit },
    });
    expect(get("c").part.record()).toBeNull();
  });

  it("tell a host that missed the end of the ceremony before it signs", async () => {
    const { get, said } = await openHosts(["a", "b", "c"], {}, { c: 1 });
    const record = await make(get("a"));
    expect(get("c").part.record()).toBeNull();
    expect(said.splice(0)).toMatchObject([{ fields: { host: "c", code: "QUORUM_BUSY" } }]);
    expect(await sign(get("a"), record, ["a", "c"])).toBe(true);
    expect(get("c").part.record()).toEqual(record);
  });

  it("give the key new shares when one leaves and another joins, and take no share of the one that left", async () => {
    const { get, start } = await openHosts(["a", "b", "c", "d"]);
    for (const id of ["a", "b", "c"]) await start(id, ["a", "b", "c"]);
    const before = await make(get("a"));
    for (const id of ["a", "b", "d"]) await start(id, ["a", "b", "d"]);
    // One that joins can lead the resharing too: it deals nothing.
    const after = await make(get("d"));
    const [old, next] = [verifyGroupRecord(before), verifyGroupRecord(after)];
    expect(next).toMatchObject({ epoch: 1, threshold: 2, key: old.key, previous: old.transcript });
    const keys = ["a", "b", "d"].map((id) => get(id).member.json.record.keyid);
    expect(next.members.map(({ key }) => key.keyid)).toEqual(keys);
    expect(get("c").part.record()).toBeNull();
    expect(await sign(get("a"), after, ["a", "d"])).toBe(true);
    // c is asked by nobody, and could not answer.
    expect(await sign(get("a"), after, ["a", "c"], 2)).toBeNull();
    expect(await failureOf(() => get("c").part.perform("commit", "{}", { signal }))).toMatchObject({
      code: "FROST_GROUP_UNKNOWN",
    });
  });

  it("make no new shares when fewer than the threshold stay, or when one is away", async () => {
    const { get, start } = await openHosts(["a", "b", "c", "d", "e"]);
    for (const id of ["a", "b", "c"]) await start(id, ["a", "b", "c"]);
    const before = await make(get("a"));
    for (const id of ["a", "d", "e"]) await start(id, ["a", "d", "e"]);
    expect(get("a").part.record()).toEqual(before);
    for (const id of ["a", "b", "d"]) await start(id, ["a", "b", "d"]);
    await get("d").follower.stop();
    expect(await failureOf(() => make(get("a")))).toMatchObject({ code: "QUORUM_MEMBER_REFUSED" });
    expect(get("b").part.record()).toEqual(before);
  });
});
