import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import { leaseNameOf, rankMembers } from "../../src/coordinator/leader-rank.ts";
import {
  encodeMessage,
  groupAnswerSchema,
  memberSubject,
  parseAnswer,
} from "../../src/coordinator/quorum-messages.ts";
import { parseConfig } from "../../src/core/config/load-config.ts";
import {
  type ProviderEmulator,
  startProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { GroupRounds } from "../support/group-rounds.ts";
import { haveNatsServer, type NatsServer, startNatsServer } from "../support/nats-server.ts";
import { openQuorumChain, type QuorumChain } from "../support/quorum-chain.ts";
import {
  openQuorumStage,
  QUORUM_FABRIC,
  QUORUM_FEED,
  type QuorumHost,
} from "../support/quorum-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const GROUP_ENTRY = "0x0000001a";
const LIST_ENTRY = "0x00000074";
/** Anvil's accounts but the fourth, which deploys. */
const PAYERS = [
  ...ANVIL_SECRETS.slice(0, 3),
  "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
];
const LONG = { timeout: 60_000, interval: 500 };
const { signal } = new AbortController();
const leadingOrder = (ids: readonly string[]) => rankMembers(leaseNameOf(QUORUM_FEED, ids), ids);

/** The host's configuration with other members of the feed. */
const withMembers = (host: QuorumHost, members: readonly string[]): QuorumHost => {
  const raw = JSON.parse(readFileSync(host.configFile, "utf8")) as {
    readonly feeds: readonly { readonly quorum: object }[];
  };
  const feeds = raw.feeds.map((feed) => ({
    ...feed,
    quorum: { ...feed.quorum, members, threshold: 2 },
  }));
  return { ...host, config: parseConfig({ ...raw, feeds }, { env: {}, base: host.folder }) };
};

describe.runIf(haveNatsServer("rounds of a group"))("rounds of a group", () => {
  let nats: NatsServer;
  let emulator: ProviderEmulator;
  beforeAll(async () => {
    nats = await startNatsServer();
    emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
  });
  afterAll(async () => {
    await nats.stop();
    await emulator.close();
  });

  /** Hosts `ids` that deliver to one contract, whose list admits every key of them. */
  const open = async (
    ids: readonly string[],
    change: Partial<Parameters<typeof openQuorumStage>[0]> = {},
  ): Promise<GroupRounds> => {
    await nats.kill();
    await nats.start({ wipe: true });
    let chain: QuorumChain | undefined;
    onTestFinished(async () => {
      await chain?.close();
    });
    const folder = temporaryFolder();
    const stage = await openQuorumStage({
      folder,
      natsUrl: nats.url,
      ids,
      emulatorOf: () => emulator,
      // Given back by who stops; long, because a busy machine must not look like a dead one.
      leaseMs: 12_000,
      quorum: { group: true },
      signal,
      config: async (signers) => {
        const opened = await openQuorumChain([...signers.values()], 2, signal, { ringSize: 0 });
        chain = opened;
        return (id) => {
          const secret = PAYERS[ids.indexOf(id)] ?? "";
          writeFileSync(path.join(folder, `${id}.key`), secret, { mode: 0o600 });
          return {
            chains: [
              {
                name: "local",
                kind: "evm",
                rpcUrl: opened.anvil.url,
                chainId: opened.chainId,
                signer: { privateKey: { $file: `../${id}.key` } },
              },
            ],
            bindings: [{ feed: QUORUM_FEED, chain: "local", contract: opened.feedStore }],
          };
        };
      },
      ...change,
    });
    if (!chain) throw new Error("no chain");
    return new GroupRounds(stage, chain, emulator);
  };

  /** Whoever can write to the bus answers for a member, faster than it: with a share that is none. */
  const answerSharesOf = async (member: string) => {
    const bus = await createNatsBus({ servers: [nats.url], name: "intruder" });
    onTestFinished(() => bus.close());
    const forged = {
      kind: "share",
      keyid: `sha256:${"11".repeat(32)}`,
      payload: "{}",
      signature: "22".repeat(64),
    };
    let heard = 0;
    const subscription = await bus.subscribe(
      memberSubject(QUORUM_FABRIC, member),
      {},
      async ({ data }) => {
        const request = JSON.parse(new TextDecoder().decode(data)) as { step?: string };
        if (request.step !== "share") return undefined;
        heard += 1;
        return encodeMessage({ body: JSON.stringify(forged) });
      },
    );
    return { heard: () => heard, stop: () => subscription.stop() };
  };

  it("reach a contract by the group's entry, and by the list when the group fails", async () => {
    const ids = ["host-a", "host-b", "host-c"];
    const [first = "", second = "", third = ""] = leadingOrder(ids);
    const rounds = await open(ids);
    await rounds.startAll(rounds.stage.hosts, leadingOrder(ids));

    // The enclaves made their key over the bus; the contract does not know it yet.
    const made = await rounds.next(first);
    expect(made).toMatchObject({ round: 1, entry: LIST_ENTRY, signatures: 3 });
    const { group } = made;
    if (!group) throw new Error("no group");
    expect(group).toMatchObject({ epoch: 0, threshold: 2 });
    const listAlone = await rounds.next(first);
    expect(listAlone).toMatchObject({ round: 2, entry: LIST_ENTRY });

    await rounds.chain.registerGroup(group, rounds.addresses(ids));
    await rounds.chain.admitGroup(group);
    await rounds.next(first);
    const byGroup = await rounds.next(first);
    expect(byGroup).toMatchObject({ round: 4, entry: GROUP_ENTRY });
    expect(byGroup.gasUsed).toBeLessThan(34_100);

    // A member is away: the two that are left are k.
    await rounds.stop(third);
    const ofTwo = await rounds.next(first);
    expect(ofTwo).toMatchObject({ round: 5, entry: GROUP_ENTRY, signatures: 3 });

    // Now one of the two sends no right share either: the very same round lands by the list.
    const intruder = await answerSharesOf(second);
    const byList = await rounds.next(first);
    expect(intruder.heard()).toBeGreaterThan(0);
    expect(byList).toMatchObject({ round: 6, entry: LIST_ENTRY, signatures: 2 });
    await intruder.stop();
    const again = await rounds.next(first);
    expect(again).toMatchObject({ round: 7, entry: GROUP_ENTRY, signatures: 3 });
    const gas = [listAlone, byGroup, ofTwo, byList].map(({ gasUsed }) => gasUsed);
    process.stderr.write(
      `gas: list alone, group, group of two left, list beside: ${gas.join(", ")}\n`,
    );
  }, 240_000);

  it("go on with the same key when a host leaves for another, without a change of the contract", async () => {
    const ids = ["host-a", "host-b", "host-c", "host-d"];
    const [old, members] = [
      ["host-a", "host-b", "host-c"],
      ["host-a", "host-b", "host-d"],
    ];
    const [oldLeader = ""] = leadingOrder(old);
    const [leader = ""] = leadingOrder(members);
    const rounds = await open(ids, { quorum: { group: true, threshold: 3 } });
    const named = (of: readonly string[]) => of.map((id) => withMembers(rounds.stage.host(id), of));
    await rounds.startAll(named(old), leadingOrder(old));
    const { group } = await rounds.next(oldLeader);
    if (!group) throw new Error("no group");
    await rounds.chain.registerGroup(group, rounds.addresses(old));
    await rounds.chain.admitGroup(group);
    await rounds.next(oldLeader);
    expect(await rounds.next(oldLeader)).toMatchObject({ entry: GROUP_ENTRY });

    // The operators of a and b name d instead of c. c itself knows nothing of it and runs on.
    const left = rounds.running.get("host-c");
    await rounds.stop("host-a");
    await rounds.stop("host-b");
    rounds.running.delete("host-c");
    await rounds.startAll(named(members), leadingOrder(members));
    const first = await rounds.next(leader);
    expect(first.group).toMatchObject({ epoch: 1, threshold: 2, previous: group.transcript });
    expect(first.group?.key).toEqual(group.key);
    expect(first).toMatchObject({ entry: GROUP_ENTRY, signatures: 3 });
    expect(first.gasUsed).toBeLessThan(34_100);

    // The verifiers learn of the new members; the feed's contract does not need to.
    if (!first.group) throw new Error("no group");
    await rounds.chain.registerGroup(first.group, rounds.addresses(members));
    expect(await rounds.next(leader)).toMatchObject({ entry: GROUP_ENTRY });

    // c's enclave gave its share up, and nobody takes what c proposes.
    const bus = await createNatsBus({ servers: [nats.url], name: "observer" });
    onTestFinished(() => bus.close());
    const ask = async (step: "held" | "commit", body: object) =>
      await bus.request(
        memberSubject(QUORUM_FABRIC, "host-c"),
        encodeMessage({ kind: "group", feed: QUORUM_FEED, step, body: JSON.stringify(body) }),
        { timeoutMs: 5_000, signal },
      );
    const held = parseAnswer(await ask("held", {}), groupAnswerSchema);
    expect(held.body).toBe("null");
    await vi.waitFor(async () => {
      await left?.fabric.trigger(QUORUM_FEED);
      expect(rounds.failures.join("; ")).toMatch(
        /host-c QUORUM_NOT_REACHED.*QUORUM_MEMBER_UNKNOWN/,
      );
    }, LONG);
  }, 240_000);
});
