import { describe, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { endpointFaults, misbehave } from "../support/fault-endpoints.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

describe.each(evmEngines)("one endpoint that fails or lies, on $name", ({ name, available }) => {
  const isThere =
    available("endpoints that fail or lie") && haveNatsServer("endpoints that fail or lie");

  it.runIf(isThere).each(endpointFaults)("$name", async (fault) => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld(name, bus, {
      feeds: 2,
      chain: () => ({ timeoutMs: 1_000 }),
    });
    await expectSurvival({ scenario: fault.name, bus: "nats", stage }, (under) =>
      misbehave(under, fault),
    );
  });
});
