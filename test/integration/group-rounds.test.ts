import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import { leaseNameOf, rankMembers } from "../../src/coordinator/leader-rank.ts";
import { encodeMessage, memberSubject } from "../../src/coordinator/quorum-messages.ts";
import {
  type ProviderEmulator,
  startProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { GroupRounds } from "../support/group-rounds.ts";
import { haveNatsServer, type NatsServer, startNatsServer } from "../support/nats-server.ts";
import { openQuorumChain, type QuorumChain } from "../support/quorum-chain.ts";
import { openQuorumStage, QUORUM_FABRIC, QUORUM_FEED } from "../support/quorum-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const GROUP_ENTRY = "0x0000001a";
const LIST_ENTRY = "0x00000074";
const { signal } = new AbortController();
const leadingOrder = (ids: readonly string[]) => rankMembers(leaseNameOf(QUORUM_FEED, ids), ids);

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
          const secret = ANVIL_SECRETS[ids.indexOf(id)] ?? "";
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
});
