import { expect, it, onTestFinished } from "vitest";
import { createNatsBus } from "../../src/bus/nats/nats-bus.ts";
import { startNatsCluster } from "./nats-cluster.ts";
import { haveNatsServer } from "./nats-server.ts";

const STREAM = "ROUNDS_TEST";

it.runIf(haveNatsServer("three NATS nodes"))(
  "three nodes keep a stream over kill -9 of its leader",
  async () => {
    const cluster = await startNatsCluster();
    onTestFinished(() => cluster.stop());
    const bus = await createNatsBus({ servers: cluster.url.split(","), name: "test", replicas: 3 });
    onTestFinished(() => bus.close());
    await bus.ensureStream({
      name: STREAM,
      subjects: ["test.>"],
      maxAgeMs: 3_600_000,
      duplicateWindowMs: 60_000,
    });
    const publish = (id: string) =>
      expect.poll(
        async () => {
          const ack = await bus
            .publish("test.a", new TextEncoder().encode(id), { messageId: id })
            .catch(() => null);
          return ack !== null;
        },
        { timeout: 20_000 },
      );
    await publish("one").toBe(true);
    const dead = await cluster.killLeader(STREAM);
    await publish("two").toBe(true);
    const heir = await cluster.leaderOf(STREAM);
    expect(heir.name).not.toBe(dead.name);
    await dead.start();
    await expect.poll(async () => (await bus.streamState(STREAM)).messages).toBe(2);
  },
  60_000,
);
