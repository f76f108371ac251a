import { describe, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { killAtEveryCommit, killAtEveryQuestion } from "../support/fault-kills.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus, type BusName } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

const BUSES: readonly BusName[] = ["nats", "nats, 3 nodes"];

describe.each(evmEngines)("kill -9 of the deliverer, on $name", ({ name, available }) => {
  const isThere = available("kill -9 under faults") && haveNatsServer("kill -9 under faults");

  it.runIf(isThere).each(BUSES)("before and after every commit, over %s", async (busName) => {
    const bus = await startFaultBus(busName);
    const stage = await openFaultWorld(name, bus, { feeds: 2 });
    await expectSurvival(
      { scenario: "kill -9 at every commit", bus: busName, stage },
      killAtEveryCommit,
    );
  });

  it.runIf(isThere)("before and after questions to the chain", async () => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld(name, bus, { feeds: 2 });
    // A courier asks for as long as it lives: every third question, until a run is done before it comes to the next.
    await expectSurvival(
      { scenario: "kill -9 at every third RPC question", bus: "nats", stage },
      (under) => killAtEveryQuestion(under, { step: 3, most: 60 }),
    );
  });
});
