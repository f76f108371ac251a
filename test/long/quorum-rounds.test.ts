import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import { leaseNameOf, rankMembers } from "../../src/coordinator/leader-rank.ts";
import { leaseStream } from "../../src/coordinator/lease.ts";
import { silentLog } from "../../src/core/log.ts";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import {
  type ProviderEmulator,
  startProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { verifyGroupRecord } from "../../src/crypto/frost/verify-group-record.ts";
import { type Bundle, parseBundle } from "../../src/envelope/bundle.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { TrustPolicy } from "../../src/envelope/trust-policy.ts";
import { verifyBundle } from "../../src/envelope/verify-bundle.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import type { Fabric } from "../../src/host/fabric.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import { openStore } from "../../src/store/open-store.ts";
import { roundsAfter } from "../../src/store/rounds.ts";
import { listRuns } from "../../src/store/runs.ts";
import { haveNatsServer, type NatsServer, startNatsServer } from "../support/nats-server.ts";
import { openQuorumChain, type QuorumChain } from "../support/quorum-chain.ts";
import {
  openQuorumStage,
  QUORUM_FABRIC,
  QUORUM_FEED,
  type QuorumHost,
  type QuorumStage,
} from "../support/quorum-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const IDS = ["host-a", "host-b", "host-c"];
/** In the order in which they should lead. */
const [FIRST = "", SECOND = "", THIRD = ""] = rankMembers(leaseNameOf(QUORUM_FEED, IDS), IDS);
const LONG = { timeout: 60_000, interval: 50 };
const { signal } = new AbortController();

const ANY = { fabrics: [QUORUM_FABRIC], cryptlets: null, feeds: [QUORUM_FEED] };
/** Somebody else, who knows the members by name. */
const READER: Omit<TrustPolicy, "threshold" | "keys"> = {
  id: "reader",
  attested: null,
  requireEvidence: false,
  allowSimulated: true,
  allowEmulated: true,
  maxAgeMs: null,
  clockSkewMs: 60_000,
};

interface RunningHost {
  readonly id: string;
  readonly fabric: Fabric;
  readonly events: readonly FabricEvent[];
}

describe.runIf(haveNatsServer("rounds of a quorum"))("rounds of a quorum", () => {
  let nats: NatsServer;
  let emulator: ProviderEmulator;
  /** Says other prices than everybody else's sources. */
  let shifted: ProviderEmulator;
  beforeAll(async () => {
    nats = await startNatsServer();
    emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
    shifted = await startProviderEmulator({ startPrice: "4400.00", maxStepPpm: 0 });
  });
  afterAll(async () => {
    await nats.stop();
    await emulator.close();
    await shifted.close();
  });

  const openStage = async (
    change: Partial<Parameters<typeof openQuorumStage>[0]> = {},
  ): Promise<QuorumStage> => {
    await nats.kill();
    await nats.start({ wipe: true });
    emulator.setPrice("4000.00");
    return await openQuorumStage({
      folder: temporaryFolder(),
      natsUrl: nats.url,
      ids: IDS,
      emulatorOf: () => emulator,
      // Given back by who stops; long, because a busy machine must not look like a dead one.
      leaseMs: 12_000,
      signal,
      ...change,
    });
  };
  const start = async (host: QuorumHost, clock: ManualClock): Promise<RunningHost> => {
    const fabric = await startFabric(host.config, { log: silentLog, clock });
    const events: FabricEvent[] = [];
    fabric.events.subscribe((event) => events.push(event));
    onTestFinished(() => fabric.stop());
    return { id: host.id, fabric, events };
  };
  const leaderOf = ({ fabric }: RunningHost): string | null =>
    fabric.quorum.list()[0]?.leader ?? null;
  const latestOf = ({ fabric }: RunningHost): Promise<number> =>
    fabric.feeds.get(QUORUM_FEED).then(({ latestRound }) => latestRound);
  const untilLeads = (hosts: readonly RunningHost[], id: string): Promise<void> =>
    vi.waitFor(() => expect(hosts.map(leaderOf)).toEqual(hosts.map(() => id)), LONG);

  const untilAnotherLeads = (hosts: readonly RunningHost[]): Promise<string> =>
    vi.waitFor(() => {
      const [leader, ...more] = new Set(hosts.map(leaderOf));
      if (more.length > 0 || !leader || leader === FIRST) throw new Error("nobody else leads");
      return leader;
    }, LONG);

  /** Starts all of them, and `FIRST` early enough to lead. */
  const startAll = async (stage: QuorumStage, clock: ManualClock) => {
    const first = await start(stage.host(FIRST), clock);
    await untilLeads([first], FIRST);
    const others = stage.hosts.filter(({ id }) => id !== FIRST);
    const hosts = [first, ...(await Promise.all(others.map((host) => start(host, clock))))];
    await untilLeads(hosts, FIRST);
    return hosts;
  };

  /** A price that makes a round, and a trigger on every host: the one that leads makes it. */
  const nextRound = async (
    hosts: readonly RunningHost[],
    clock: ManualClock,
    price: string,
    expected: number,
  ): Promise<void> => {
    emulator.setPrice(price);
    await clock.advance(1_000);
    await Promise.all(hosts.map(({ fabric }) => fabric.trigger(QUORUM_FEED)));
    await vi.waitFor(
      async () => expect(await Promise.all(hosts.map(latestOf))).toEqual(hosts.map(() => expected)),
      LONG,
    );
  };

  it("carry the signatures of two of three hosts into every host's database", async () => {
    const stage = await openStage();
    const clock = createManualClock(Date.now());
    const hosts = await startAll(stage, clock);
    await nextRound(hosts, clock, "4001.00", 1);
    await nextRound(hosts, clock, "4003.00", 2);

    const rounds = await Promise.all(hosts.map(({ fabric }) => fabric.feeds.round(QUORUM_FEED, 2)));
    const [round] = rounds;
    expect(new Set(rounds.map(({ envelopeDigest }) => envelopeDigest)).size).toBe(1);
    if (!round) throw new Error("no round");
    expect(round.answer).toMatch(/^4003\d{8}$/);

    // Somebody else's verifier, who knows the members by name, needs as many of them as it asks for.
    const leader = hosts.find(({ id }) => id === FIRST);
    const bundle = canonicalJson(await leader?.fabric.envelopes.bundle(round.envelopeDigest));
    expect(JSON.parse(bundle).evidence).toHaveLength(2);
    const keys = stage.hosts.flatMap(({ signer }) => signer.keys);
    const trust = (threshold: number, of = keys): TrustPolicy => ({
      ...READER,
      keys: of.map((key) => ({ key, scope: ANY, notBefore: null, notAfter: null })),
      threshold,
    });
    const judge = (policy: TrustPolicy) => verifyBundle(bundle, { trust: policy, at: Date.now() });
    expect(await judge(trust(2))).toMatchObject({ ok: true });
    expect(await judge(trust(3))).toMatchObject({ ok: false, code: "THRESHOLD_NOT_MET" });
    const only = stage.host(FIRST).signer.keys;
    expect(await judge(trust(2, [...only]))).toMatchObject({
      ok: false,
      code: "THRESHOLD_NOT_MET",
    });
  }, 240_000);

  it("carry the members' group signature beside the list, which is a round without it", async () => {
    const stage = await openStage({ quorum: { group: true } });
    const clock = createManualClock(Date.now());
    const hosts = await startAll(stage, clock);
    await nextRound(hosts, clock, "4001.00", 1);
    await nextRound(hosts, clock, "4003.00", 2);
    const leader = hosts.find(({ id }) => id === FIRST);
    const archived = async (round: number): Promise<Bundle> => {
      const view = await leader?.fabric.feeds.round(QUORUM_FEED, round);
      if (!view) throw new Error("no round");
      return parseBundle(canonicalJson(await leader?.fabric.envelopes.bundle(view.envelopeDigest)));
    };
    const bundle = await archived(2);
    const group = verifyGroupRecord(bundle.group);
    expect(group).toMatchObject({ epoch: 0, threshold: 2, group: QUORUM_FEED });
    expect(group.members).toHaveLength(3);
    expect(bundle.onchain?.signatures).toHaveLength(3);
    expect(bundle.onchain?.signatures.map(({ keyid }) => keyid)).toContain(group.key.keyid);
    const keys = stage.hosts.flatMap(({ signer }) => signer.keys);
    const named = keys.map((key) => ({ key, scope: ANY, notBefore: null, notAfter: null }));
    const byGroup = { key: group.key, scope: ANY, notBefore: null, notAfter: null, threshold: 2 };
    const report = await verifyBundle(canonicalJson(bundle), {
      trust: { ...READER, threshold: 2, keys: [...named, byGroup] },
      at: Date.now(),
    });
    expect(report).toMatchObject({ ok: true, group: { keyid: group.key.keyid, proven: 2 } });

    // With one member away two still sign as a group; with its key unknown the list alone is enough.
    await hosts.find(({ id }) => id === THIRD)?.fabric.stop();
    const left = hosts.filter(({ id }) => id !== THIRD);
    await nextRound(left, clock, "4005.00", 3);
    expect((await archived(3)).onchain?.signatures).toHaveLength(3);
    const list = await verifyBundle(canonicalJson(await archived(3)), {
      trust: { ...READER, threshold: 2, keys: named },
      at: Date.now(),
    });
    expect(list).toMatchObject({ ok: true, group: null });
  }, 240_000);

  it("go on when their leader stops, with a later epoch and no gap", async () => {
    const stage = await openStage();
    const clock = createManualClock(Date.now());
    const hosts = await startAll(stage, clock);
    await nextRound(hosts, clock, "4001.00", 1);
    await hosts.find(({ id }) => id === FIRST)?.fabric.stop();
    const left = hosts.filter(({ id }) => id !== FIRST);
    const next = await untilAnotherLeads(left);
    await nextRound(left, clock, "4003.00", 2);
    await nextRound(left, clock, "4005.00", 3);

    const again = await start(stage.host(FIRST), clock);
    await vi.waitFor(async () => expect(await latestOf(again)).toBe(3), LONG);
    await nextRound([...left, again], clock, "4007.00", 4);
    const second = left.find(({ id }) => id === next);
    const bundle = await second?.fabric.envelopes.envelope(
      (await again.fabric.feeds.round(QUORUM_FEED, 4)).envelopeDigest,
      "json",
    );
    const { payload } = bundle as { payload: string };
    const statement = JSON.parse(Buffer.from(payload, "base64").toString("utf8"));
    expect(statement.subject.epoch).toBeGreaterThan(1);
  }, 240_000);

  it("are made without a follower whose sources lie, which refuses and is refused", async () => {
    const stage = await openStage({
      emulatorOf: (id) => (id === THIRD ? shifted : emulator),
    });
    const clock = createManualClock(Date.now());
    const hosts = await startAll(stage, clock);
    await nextRound(hosts, clock, "4001.00", 1);
    await nextRound(hosts, clock, "4003.00", 2);
    const store = await openStore({
      driver: "libsql",
      file: path.join(stage.host(THIRD).folder, "data", "fabric.db"),
    });
    onTestFinished(() => store.close());
    await vi.waitFor(async () => {
      const runs = await listRuns(store.db, { limit: 10 });
      const errors = runs.map(({ error }) => error);
      expect(errors).toContain("VALUE_OUT_OF_TOLERANCE");
    }, LONG);
    const [run] = await listRuns(store.db, { limit: 1 });
    expect(run?.triggerId).toContain(FIRST);
  }, 240_000);

  it("are refused to a leader whose sources lie, which is named and gives up leading", async () => {
    const stage = await openStage({ emulatorOf: (id) => (id === FIRST ? shifted : emulator) });
    const clock = createManualClock(Date.now());
    const hosts = await startAll(stage, clock);
    const liar = hosts.find(({ id }) => id === FIRST);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      shifted.setPrice(`44${attempt}0.00`);
      await clock.advance(1_000);
      await liar?.fabric.trigger(QUORUM_FEED);
    }
    const failures = liar?.events.filter((event) => event.type === "run-failed") ?? [];
    expect(failures.map(({ error }) => error.code)).toEqual([
      "QUORUM_NOT_REACHED",
      "QUORUM_NOT_REACHED",
    ]);
    for (const { error } of failures) {
      expect(error.arguments["refusals"]).toContain(`${SECOND} VALUE_OUT_OF_TOLERANCE`);
      expect(error.arguments["refusals"]).toContain(`${THIRD} VALUE_OUT_OF_TOLERANCE`);
    }
    expect(await Promise.all(hosts.map(latestOf))).toEqual([0, 0, 0]);
    await untilAnotherLeads(hosts);
    emulator.setPrice("4001.00");
    await clock.advance(1_000);
    const before = hosts.map(({ fabric }) =>
      fabric.events.next((event) => event.type === "round-committed"),
    );
    await Promise.all(hosts.map(({ fabric }) => fabric.trigger(QUORUM_FEED)));
    await Promise.all(before);
    const made = await Promise.all(hosts.map(latestOf));
    // What the liar's own enclave signed was no round, and its number is not used again.
    expect(new Set(made).size).toBe(1);
    expect(made[0]).toBeGreaterThan(0);
    const view = await liar?.fabric.feeds.round(QUORUM_FEED, made[0] ?? 0);
    expect(view?.answer).toMatch(/^4001\d{8}$/);
  }, 240_000);

  it("reach a contract exactly once each, and go on when a host is killed", async () => {
    let chain: QuorumChain | undefined;
    onTestFinished(async () => {
      await chain?.close();
    });
    const folder = temporaryFolder();
    const stage = await openStage({
      folder,
      // Valid for longer than a dead host's rounds wait for another one to deliver them.
      feed: { intervalMs: 1_000, heartbeatMs: 1_000, validForMs: 600_000 },
      leaseMs: 1_500,
      config: async (signers) => {
        const opened = await openQuorumChain([...signers.values()], 2, signal);
        chain = opened;
        return (id) => {
          const place = IDS.indexOf(id);
          const keyFile = `../${id}.key`;
          writeFileSync(path.join(folder, `${id}.key`), ANVIL_SECRETS[place] ?? "", {
            mode: 0o600,
          });
          return {
            chains: [
              {
                name: "local",
                kind: "evm",
                rpcUrl: opened.anvil.url,
                chainId: opened.chainId,
                signer: { privateKey: { $file: keyFile } },
              },
            ],
            bindings: [{ feed: QUORUM_FEED, chain: "local", contract: opened.feedStore }],
          };
        };
      },
    });
    if (!chain) throw new Error("no chain");
    const { landed } = chain;
    const children = new Map<string, ChildProcess>();
    const spawnHost = (id: string): void => {
      const words = [path.resolve("test/support/crashing-host.mjs"), path.resolve("dist")];
      const child = spawn(process.execPath, [...words, stage.host(id).configFile, "none"], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      onTestFinished(() => {
        child.kill("SIGKILL");
      });
      children.set(id, child);
    };
    const end = async (id: string, how: NodeJS.Signals): Promise<void> => {
      const child = children.get(id);
      if (!child) return;
      const gone = once(child, "exit");
      child.kill(how);
      await gone;
    };
    const bus = await createNatsBus({ servers: [nats.url], name: "observer" });
    onTestFinished(() => bus.close());
    const leader = async (): Promise<string | null> => {
      const subject = `cryptlet.${QUORUM_FABRIC}.lease.${leaseNameOf(QUORUM_FEED, IDS)}`;
      const last = await bus.lastMessage(leaseStream(QUORUM_FABRIC).name, subject);
      return last && JSON.parse(Buffer.from(last.data).toString("utf8")).holder;
    };
    for (const id of IDS) spawnHost(id);
    const more = async (count: number): Promise<void> => {
      const before = (await landed()).length;
      await vi.waitFor(
        async () => expect((await landed()).length).toBeGreaterThanOrEqual(before + count),
        {
          timeout: 60_000,
          interval: 100,
        },
      );
    };
    await more(3);
    const victim = (await leader()) ?? "";
    expect(IDS).toContain(victim);
    await end(victim, "SIGKILL");
    const killedAt = performance.now();
    await more(1);
    const takeoverMs = performance.now() - killedAt;
    await more(2);
    expect(await leader()).not.toBe(victim);
    spawnHost(victim);
    await more(3);
    for (const id of IDS) await end(id, "SIGTERM");

    const rounds = await landed();
    expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
    expect(new Set(rounds).size).toBe(rounds.length);
    const digests = new Map<number, string>();
    for (const id of IDS) {
      const file = path.join(stage.host(id).folder, "data", "fabric.db");
      const store = await openStore({ driver: "libsql", file });
      const rows = await roundsAfter(store.db, QUORUM_FEED, { limit: 1_000, after: 0 });
      await store.close();
      for (const { round, envelopeDigest } of rows) {
        expect(digests.get(round) ?? envelopeDigest).toBe(envelopeDigest);
        digests.set(round, envelopeDigest);
      }
    }
    // Every round that the hosts know up to the last one on chain is there.
    const last = rounds.at(-1) ?? 0;
    const known = [...digests.keys()].filter((round) => round <= last).toSorted((a, b) => a - b);
    expect(rounds).toEqual(known);
    // A figure for whoever reads the run: how long nobody led.
    process.stderr.write(`takeover after kill -9: ${Math.round(takeoverMs)} ms\n`);
  }, 300_000);
});
