import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Interface, JsonRpcProvider } from "ethers";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import type { Digest } from "../../src/core/ids.ts";
import { parseBundle } from "../../src/envelope/bundle.ts";
import { envelopeDigest } from "../../src/envelope/signed-observation.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { findBundle } from "../../src/store/envelopes.ts";
import { openStore } from "../../src/store/open-store.ts";
import { outboxBacklog } from "../../src/store/outbox.ts";
import { roundsAfter } from "../../src/store/rounds.ts";
import { openGoldStage, type GoldStage } from "../support/gold-stage.ts";
import { haveNatsServer, startNatsServer } from "../support/nats-server.ts";
import type { RpcGate } from "../support/rpc-gate.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const HOST = path.resolve("test/support/crashing-host.mjs");
const DIST = path.resolve("dist");
const UPDATED = new Interface([
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
]);

/** Every step between trigger and finality at which the host dies. */
const EVENTS = [
  "run-started",
  "run-finished",
  "round-committed",
  "round-published",
  "delivery:final",
] as const;

const startHost = (stage: GoldStage, event: string): ChildProcess => {
  const child = spawn(process.execPath, [HOST, DIST, stage.configFile, event], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
};

const died = async (child: ChildProcess): Promise<void> => {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: "SIGKILL" });
};

/** Price in dollars at a step: far enough from every earlier one to make a round. */
const priceAt = (step: number): number => 4_000 + step * 50;

const movePrice = (stage: GoldStage, step: number): void => {
  stage.emulator.setPrice(`${priceAt(step)}.00`);
};

const dieAtEvent = async (stage: GoldStage, event: string, step: number): Promise<void> => {
  movePrice(stage, step);
  await died(startHost(stage, event));
};

const dieAtBroadcast = async (
  stage: GoldStage,
  gate: RpcGate,
  moment: "before" | "after",
  step: number,
): Promise<void> => {
  movePrice(stage, step);
  const child = startHost(stage, "none");
  gate.watch({
    [moment]: () => {
      child.kill("SIGKILL");
    },
  });
  await died(child);
  gate.watch({});
};

/** What the chain says landed: one event per accepted round, read from the chain itself. */
const readChain = async (stage: GoldStage) => {
  const provider = new JsonRpcProvider(stage.rpcUrl, undefined, { staticNetwork: true });
  onTestFinished(() => provider.destroy());
  const logs = await provider.getLogs({
    address: stage.contracts.feedStore,
    fromBlock: 0,
    topics: [UPDATED.getEvent("AnswerUpdated")?.topicHash ?? null],
  });
  return logs.map(({ topics, data }) => {
    const { args } = UPDATED.parseLog({ topics, data }) ?? { args: [] };
    return { answer: String(args[0]), round: Number(args[1]) };
  });
};

/** Runs a host until the last price has made its round and every round has landed. */
const settled = async (stage: GoldStage, price: number): Promise<void> => {
  const child = startHost(stage, "none");
  const store = await openStore({ driver: "libsql", file: stage.databaseFile });
  try {
    await expect
      .poll(
        async () => {
          const rounds = await roundsAfter(store.db, stage.feed, { after: 0, limit: 1_000 });
          const deliveries = await listDeliveries(store.db, { limit: 1_000 });
          const isCurrent = Number(rounds.at(-1)?.answer ?? 0) / 1e8 > price * 0.999;
          const final = deliveries.filter(({ status }) => status === "final");
          return isCurrent && rounds.length === final.length;
        },
        // A message that a killed host had in its hands comes again only after its acknowledgement is overdue.
        { timeout: 60_000 },
      )
      .toBe(true);
  } finally {
    await store.close();
  }
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
};

/** Each driver with what its hosts' configuration says about it. */
const drivers: readonly {
  readonly name: string;
  readonly available: boolean;
  /** `crash` kills the server of the bus, where there is one, and starts it again. */
  readonly start: () => Promise<{
    readonly bus: FabricConfigInput["bus"];
    readonly crash: () => Promise<void>;
  }>;
}[] = [
  {
    name: "memory",
    available: true,
    start: () => Promise.resolve({ bus: { driver: "memory" }, crash: () => Promise.resolve() }),
  },
  {
    name: "nats",
    available: haveNatsServer("kill -9 over NATS"),
    start: async () => {
      const server = await startNatsServer();
      onTestFinished(() => server.stop());
      return {
        bus: { driver: "nats", url: server.url },
        crash: async () => {
          await server.kill();
          await server.start();
        },
      };
    },
  },
];

describe.each(drivers)("over $name", ({ available, start }) => {
  test.skipIf(!available)(
    "kill -9 at every step loses no committed envelope and lands none twice",
    async () => {
      const stopping = new AbortController();
      const { bus, crash } = await start();
      const stage = await openGoldStage({
        folder: temporaryFolder(),
        feed: { intervalMs: 200, heartbeatMs: 86_400_000, deviationPpm: 1_000 },
        signal: stopping.signal,
        isGated: true,
        config: { bus },
      });
      onTestFinished(async () => {
        await stage.close();
        stopping.abort();
      });

      let step = 0;
      for (const event of EVENTS) await dieAtEvent(stage, event, (step += 1));
      await crash();
      for (const moment of ["before", "after"] as const)
        await dieAtBroadcast(stage, stage.gate, moment, (step += 1));
      await settled(stage, priceAt(step));

      const store = await openStore({ driver: "libsql", file: stage.databaseFile });
      onTestFinished(() => store.close());
      const rounds = await roundsAfter(store.db, stage.feed, { after: 0, limit: 1_000 });
      // A host that starts after a kill often dies at a step of the round before, so that rounds are fewer than kills.
      expect(rounds.length).toBeGreaterThanOrEqual(3);
      expect(rounds.map(({ round }) => round)).toEqual(rounds.map((_, index) => index + 1));
      expect((await outboxBacklog(store.db)).waiting).toBe(0);

      // Each envelope names the one before it, under the same key: no round was lost or signed again after it was committed.
      let previous: Digest | null = null;
      const signers = new Set<string>();
      for (const { envelopeDigest: digest } of rounds) {
        const bundle = parseBundle((await findBundle(store.db, digest))?.bundleJson ?? "");
        expect(envelopeDigest(bundle.envelope)).toBe(digest);
        const statement = JSON.parse(
          Buffer.from(bundle.envelope.payload, "base64").toString("utf8"),
        ) as { previous: { envelopeDigest: Digest } | null };
        expect(statement.previous?.envelopeDigest ?? null).toBe(previous);
        previous = digest;
        for (const { keyid } of bundle.envelope.signatures) signers.add(keyid);
      }
      expect(signers.size).toBe(1);

      // On chain: the same rounds with the same answers, each once, in order.
      expect(await readChain(stage)).toEqual(
        rounds.map(({ round, answer }) => ({ round, answer: answer ?? "" })),
      );
    },
    180_000,
  );
});
