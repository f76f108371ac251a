import { describe, expect, it } from "vitest";
import { expectSurvival } from "../support/fault-report.ts";
import { STAGE_STREAM } from "../support/fault-stage.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

const TIMES = 5;

describe("the bus dies", () => {
  const isThere = haveNatsServer("the bus dies");

  it.runIf(isThere)("kill -9 of the leader, again and again", async () => {
    const bus = await startFaultBus("nats, 3 nodes");
    const stage = await openFaultWorld("anvil", bus, { feeds: 2 });
    await expectSurvival(
      { scenario: "kill -9 of the NATS leader", bus: "nats, 3 nodes", stage },
      async () => {
        const { cluster } = bus;
        if (!cluster) throw new Error("no cluster");
        const courier = stage.start();
        expect(await courier.ready).toBe(true);
        for (let time = 0; time < TIMES; time += 1) {
          await stage.commit(10);
          const dead = await cluster.killLeader(STAGE_STREAM);
          await stage.commit(10);
          await dead.start();
        }
        await stage.rest(120_000);
        await courier.stop();
        return TIMES;
      },
    );
  });

  it.runIf(isThere).each([
    { scenario: "kill -9 of the only NATS server", wipe: false },
    { scenario: "the NATS server loses everything", wipe: true },
  ])("$scenario", async ({ scenario, wipe }) => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld("anvil", bus, { feeds: 2 });
    await expectSurvival({ scenario, bus: "nats", stage }, async () => {
      const { server } = bus;
      if (!server) throw new Error("no server");
      const courier = stage.start();
      expect(await courier.ready).toBe(true);
      for (let time = 0; time < TIMES; time += 1) {
        await stage.commit(10);
        await server.kill();
        await stage.commit(10);
        await server.start({ wipe });
      }
      await stage.rest(120_000);
      await courier.stop();
      return TIMES;
    });
  });
});
