import { describe, expect, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

const FEEDS = 10;
/** ethereumjs runs a block of 100 updates in seconds: a tenth says the same about us. */
const ROUNDS = { anvil: 1_000, ethereumjs: 50 } as const;
const LIMIT_MS = 480_000;

describe.each(evmEngines)("the backlog after a downtime, on $name", ({ name, available }) => {
  const isThere = available("the backlog") && haveNatsServer("the backlog");

  it.runIf(isThere)("lands in order, each round once", async () => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld(name, bus, { feeds: FEEDS, blockMs: 250 });
    const rounds = ROUNDS[name];
    await stage.commit(rounds);
    await expectSurvival(
      { scenario: `backlog of ${rounds * FEEDS} rounds`, bus: "nats", stage },
      async () => {
        const courier = stage.start();
        expect(await courier.ready).toBe(true);
        await stage.rest(LIMIT_MS);
        await courier.stop();
        return 1;
      },
    );
  });
});
