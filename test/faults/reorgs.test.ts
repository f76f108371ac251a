import { describe, it } from "vitest";
import { evmEngines, type Keep } from "../support/evm-engines.ts";
import { reorganiseAll } from "../support/fault-reorgs.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

const DEPTHS = [1, 2, 3, 5, 10];
/** Deeper than any of them: a chain that breaks its own promise is another matter. */
const FINALITY = 12;
const KEEPS: readonly Keep[] = ["same", "moved", "gone"];

describe.each(evmEngines)("reorgs of 1 to 10 blocks, on $name", ({ name, available }) => {
  const isThere = available("reorgs") && haveNatsServer("reorgs");

  it.runIf(isThere).each(KEEPS)("with the transactions %s", async (keep) => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld(name, bus, { feeds: 2, depth: FINALITY });
    await expectSurvival(
      {
        scenario: `reorgs of ${DEPTHS.join(", ")} blocks, transactions ${keep}`,
        bus: "nats",
        stage,
      },
      (under) => reorganiseAll(under, DEPTHS, [keep]),
    );
  });
});
