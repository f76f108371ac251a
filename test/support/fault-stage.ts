import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { loadConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { fabricIdSchema } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { auditStage, isStoreAtRest } from "./audit-stage.ts";
import type { Violation } from "./delivery-auditor.ts";
import type { EvmEngine } from "./evm-engines.ts";
import { createFeedFixture } from "./feed-fixture.ts";
import { openRpcGate, type RpcGate } from "./rpc-gate.ts";
import { createRoundSigner, type SignedFeed } from "./signed-feed.ts";
import { ANVIL_SECRETS, connectTestChain } from "./test-chain.ts";

const FABRIC = fabricIdSchema.parse("faults");
const COURIER = path.resolve("test/support/courier-host.mjs");
const DIST = path.resolve("dist");
const POLL_MS = 50;
/** The stream that the rounds of the stage's fabric travel in. */
export const STAGE_STREAM = "ROUNDS_FAULTS";

type ChainInput = NonNullable<FabricConfigInput["chains"]>[number];

/** Where and how a courier dies or is fooled. */
export interface CourierPlan {
  /** SIGKILL to itself around its n-th commit. */
  readonly kill?: { readonly commit: number; readonly when: "before" | "after" };
  /** Pauses and limits pass so many times as fast. Default 1. */
  readonly speed?: number;
  /** The hour is off by so many ms. */
  readonly clockOffsetMs?: number;
}

/** A process that delivers. */
export interface Courier {
  readonly child: ChildProcess;
  /** Resolves when it delivers; false when it died before. */
  readonly ready: Promise<boolean>;
  /** Resolves when it is gone, with the signal that ended it. */
  readonly gone: Promise<string | null>;
  tell(message: { readonly clockOffsetMs?: number; readonly maxPages?: number }): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; throws unless it ends well. */
  stop(): Promise<void>;
}

/** Chain, contracts, bus and database around a courier, and the auditor of what it does. */
export interface FaultStage {
  readonly engine: EvmEngine;
  /** Between courier and chain. */
  readonly gate: RpcGate;
  readonly store: Store;
  readonly feeds: readonly SignedFeed[];
  /** Account that pays. */
  readonly signer: string;
  /** Signs and commits so many further rounds of every feed. */
  commit(rounds: number): Promise<void>;
  start(plan?: CourierPlan): Courier;
  /** True when nothing waits, travels or is open. */
  isAtRest(): Promise<boolean>;
  /** Waits until all is at rest; false when it is not after so many ms. */
  rest(timeoutMs: number): Promise<boolean>;
  /** Deliveries by status. */
  statuses(): Promise<Readonly<Record<string, number>>>;
  audit(): Promise<readonly Violation[]>;
  close(): Promise<void>;
}

/** Opens everything around a courier. Blocks come every `blockMs` ms; the engine and the bus belong to who gave them. */
export const openFaultStage = async (options: {
  readonly engine: EvmEngine;
  readonly bus: FabricConfigInput["bus"];
  /** Default 1. */
  readonly feeds?: number;
  /** Default 3. */
  readonly depth?: number;
  /** Default 60. */
  readonly blockMs?: number;
  /** Folder for database and files; a temporary one unless given. */
  readonly folder?: string;
  /** Age of the first round, ms; each later one is a second younger. Default 80,000 s. */
  readonly ageMs?: number;
  /** Account that pays; the development phrase's second unless given. */
  readonly secret?: string;
  /** Replaces settings of the chain; gets the gate, and the node's own address. Endpoints replace the gate alone. */
  readonly chain?: (gate: RpcGate, node: string) => Partial<ChainInput>;
}): Promise<FaultStage> => {
  const { engine, depth = 3, secret = ANVIL_SECRETS[1] } = options;
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), "cryptlet-faults-"));
  engine.autoMine(options.blockMs ?? 60);
  const rounds = createRoundSigner(FABRIC);
  const fixture = await createFeedFixture(
    connectTestChain({ url: engine.rpcUrl, stop: () => Promise.resolve() }),
  );
  const feeds: SignedFeed[] = [];
  const contracts: string[] = [];
  for (let index = 0; index < (options.feeds ?? 1); index += 1) {
    const name = `feed-${index + 1}`;
    const { address, feedHash } = await fixture.feed(name, { keys: [rounds.onchain] });
    feeds.push(rounds.createFeed(name, feedHash, options.ageMs));
    contracts.push(address.toLowerCase());
  }
  const gate = await openRpcGate(engine.rpcUrl);
  const change = options.chain?.(gate, engine.rpcUrl) ?? {};
  const chain = {
    name: "local",
    kind: "evm",
    ...(change.endpoints ? {} : { rpcUrl: gate.url }),
    chainId: engine.chainId,
    finality: { kind: "depth", depth },
    signer: { privateKey: { $file: "key" } },
    ...change,
  } as ChainInput;
  const config: FabricConfigInput = {
    fabric: FABRIC,
    dataDirectory: "data",
    database: { driver: "libsql", file: "fabric.db" },
    bus: options.bus,
    // The courier runs none of them; the rules want bindings of feeds that are there.
    cryptlets: [{ package: "gold-price" }],
    feeds: feeds.map(({ id }) => ({
      id,
      cryptlet: "gold-price",
      feed: "xau-usd",
      intervalMs: 60_000,
      heartbeatMs: 60_000,
      deviationPpm: 1,
    })),
    chains: [chain],
    bindings: feeds.map(({ id }, index) => ({
      feed: id,
      chain: "local",
      contract: contracts[index] ?? "",
    })),
  };
  const configFile = path.join(folder, "fabric.json");
  const keysFile = path.join(folder, "keys.json");
  writeFileSync(configFile, JSON.stringify(config));
  writeFileSync(keysFile, JSON.stringify(rounds.keys));
  writeFileSync(path.join(folder, "key"), secret, { mode: 0o600 });
  const resolved = loadConfig({ file: configFile, env: {}, cwd: folder });
  const store = await openStore(resolved.database);
  const signer = createTransactionSigner(secret).address;
  const running = new Set<Courier>();

  const start = (plan: CourierPlan = {}): Courier => {
    const planFile = path.join(folder, `plan-${Math.random().toString(36).slice(2)}.json`);
    writeFileSync(
      planFile,
      JSON.stringify({
        config: configFile,
        keys: keysFile,
        kill: plan.kill ?? null,
        clock: { speed: plan.speed ?? 1, offsetMs: plan.clockOffsetMs ?? 0 },
        maxPages: null,
      }),
    );
    const child = fork(COURIER, [DIST, planFile], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const gone = once(child, "exit").then(
      ([, signal]: (number | string | null)[]) => (signal as string | null) ?? null,
    );
    const ready = new Promise<boolean>((resolve) => {
      child.once("message", () => resolve(true));
      child.once("exit", () => resolve(false));
    });
    const courier: Courier = {
      child,
      ready,
      gone,
      tell: (message) => {
        child.send(message);
      },
      kill: async () => {
        child.kill("SIGKILL");
        await gone;
      },
      stop: async () => {
        await ready;
        child.kill("SIGTERM");
        const signal = await gone;
        if (child.exitCode !== 0)
          throw new Error(`the courier ended with ${signal ?? child.exitCode}`);
      },
    };
    running.add(courier);
    void gone.then(() => running.delete(courier));
    return courier;
  };

  const isAtRest = (): Promise<boolean> => isStoreAtRest(store);

  return {
    engine,
    gate,
    store,
    feeds,
    signer,
    commit: async (more) => {
      for (const feed of feeds) await feed.commit(store, more);
    },
    start,
    isAtRest,
    rest: async (timeoutMs) => {
      const limit = performance.now() + timeoutMs;
      while (!(await isAtRest())) {
        if (performance.now() > limit) return false;
        await sleep(POLL_MS);
      }
      return true;
    },
    statuses: async () => {
      const rows = await store.db
        .selectFrom("deliveries")
        .select((column) => ["status", column.fn.countAll<number>().as("n")])
        .groupBy("status")
        .execute();
      return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
    },
    audit: () =>
      auditStage({
        store,
        config: resolved,
        engine,
        depth,
        signer,
      }),
    close: async () => {
      await Promise.all([...running].map((courier) => courier.kill()));
      await gate.close();
      await store.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
};
