import { onTestFinished, vi } from "vitest";
import { silentLog } from "../../src/core/log.ts";
import type { GroupStatement } from "../../src/crypto/frost/group-record.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import type { ProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import { parseBundle } from "../../src/envelope/bundle.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { Fabric } from "../../src/host/fabric.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import type { QuorumChain } from "./quorum-chain.ts";
import { QUORUM_FEED, type QuorumHost, type QuorumStage } from "./quorum-stage.ts";

const LONG = { timeout: 60_000, interval: 100 };

interface RunningHost {
  readonly id: string;
  readonly fabric: Fabric;
}

/** Hosts with real enclaves and a contract that knows their keys; rounds are made one by one. */
export class GroupRounds {
  readonly stage: QuorumStage;
  readonly chain: QuorumChain;
  readonly emulator: ProviderEmulator;
  readonly running = new Map<string, RunningHost>();
  /** Why runs made no round. */
  readonly failures: string[] = [];
  #price = 4_001;

  constructor(stage: QuorumStage, chain: QuorumChain, emulator: ProviderEmulator) {
    this.stage = stage;
    this.chain = chain;
    this.emulator = emulator;
  }

  async start(host: QuorumHost): Promise<void> {
    const fabric = await startFabric(host.config, { log: silentLog });
    onTestFinished(() => fabric.stop());
    fabric.events.subscribe((event) => {
      if (event.type === "run-failed")
        this.failures.push(`${host.id} ${event.error.code} ${event.error.message}`);
    });
    this.running.set(host.id, { id: host.id, fabric });
  }

  async stop(id: string): Promise<void> {
    await this.running.get(id)?.fabric.stop();
    this.running.delete(id);
  }

  async untilLeads(id: string): Promise<void> {
    await vi.waitFor(() => {
      const leaders = [...this.running.values()].map(
        ({ fabric }) => fabric.quorum.list()[0]?.leader,
      );
      if (leaders.some((leader) => leader !== id)) throw new Error(`${leaders.join()} lead`);
    }, LONG);
  }

  /** Starts the host that shall lead before the others. */
  async startAll(hosts: readonly QuorumHost[], order: readonly string[]): Promise<void> {
    const [first = ""] = order;
    for (const host of hosts.filter(({ id }) => id === first)) await this.start(host);
    await this.untilLeads(first);
    await Promise.all(hosts.filter(({ id }) => id !== first).map((host) => this.start(host)));
    await this.untilLeads(first);
  }

  /** A new price, and the next round in every host's database and on chain: the entry it came by, and its gas. */
  async next(leader: string): Promise<{
    readonly round: number;
    readonly entry: string;
    readonly gasUsed: number;
    readonly group: GroupStatement | null;
    readonly signatures: number;
  }> {
    this.#price += 2;
    this.emulator.setPrice(`${this.#price}.00`);
    const hosts = [...this.running.values()];
    const lead = this.running.get(leader);
    if (!lead) throw new Error(`${leader} is not running`);
    const before = (await lead.fabric.feeds.get(QUORUM_FEED)).latestRound;
    const round = await vi.waitFor(async () => {
      // Again where the last round is of this very second: a run publishes nothing that is no later.
      if ((await lead.fabric.feeds.get(QUORUM_FEED)).latestRound === before)
        await Promise.all(hosts.map(({ fabric }) => fabric.trigger(QUORUM_FEED)));
      const latest = await Promise.all(
        hosts.map(async ({ fabric }) => (await fabric.feeds.get(QUORUM_FEED)).latestRound),
      );
      const [made = 0] = latest;
      if (made <= before || latest.some((each) => each !== made))
        throw new Error(`rounds ${latest.join()} after ${before}; ${this.failures.join("; ")}`);
      return made;
    }, LONG);
    const landing = await vi.waitFor(async () => {
      const found = await this.chain.landing(round);
      if (!found) throw new Error(`round ${round} did not land`);
      return found;
    }, LONG);
    if ((await this.chain.latest()) !== round) throw new Error("the contract has another round");
    const view = await lead.fabric.feeds.round(QUORUM_FEED, round);
    const archived = await lead.fabric.envelopes.bundle(view.envelopeDigest);
    const bundle = parseBundle(canonicalJson(archived));
    return {
      round,
      ...landing,
      group: bundle.group ? verifyGroupRecord(bundle.group) : null,
      signatures: bundle.onchain?.signatures.length ?? 0,
    };
  }

  /** EVM addresses of hosts' keys. */
  addresses(ids: readonly string[]) {
    return ids.map((id) => this.stage.host(id).signer.address);
  }
}
