import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { describe, expect, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { expectSurvival } from "../support/fault-report.ts";
import type { FaultStage } from "../support/fault-stage.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

const GWEI = 1_000_000_000n;
const ETHER = 10n ** 18n;
/** A minute without a receipt passes in two seconds. */
const SPEED = 30;

const ended = async (stage: FaultStage): Promise<number> => {
  const { final = 0, superseded = 0, failed = 0 } = await stage.statuses();
  return final + superseded + failed;
};

describe.each(evmEngines)("fees and funds, on $name", ({ name, available }) => {
  const isThere = available("fees and funds") && haveNatsServer("fees and funds");

  it.runIf(isThere)("a base fee that rises twentyfold under pending transactions", async () => {
    const bus = await startFaultBus("nats");
    const stage = await openFaultWorld(name, bus, { feeds: 2 });
    await expectSurvival({ scenario: "base fee x 20", bus: "nats", stage }, async () => {
      const { engine } = stage;
      const courier = stage.start({ speed: SPEED });
      await courier.ready;
      await stage.commit(1);
      await stage.rest(20_000);
      // No block: what is sent now waits in the pool with the fee of a quiet day.
      engine.autoMine(null);
      const sent = new Set<unknown>();
      stage.gate.interfere(({ method, params }) => {
        if (method === "eth_sendRawTransaction") sent.add(params[0]);
        return null;
      });
      await stage.commit(2);
      await expect.poll(() => sent.size, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
      await engine.raiseBaseFee(20n * GWEI);
      engine.autoMine(600);
      await stage.commit(2);
      await stage.rest(80_000);
      await courier.stop();
      return sent.size;
    });
  });

  it.runIf(isThere)("an account without money that gets some later", async () => {
    const bus = await startFaultBus("nats");
    const { privateKey, address } = Wallet.createRandom();
    const stage = await openFaultWorld(name, bus, { feeds: 2, secret: privateKey });
    await expectSurvival({ scenario: "no funds, then funds", bus: "nats", stage }, async () => {
      const courier = stage.start({ speed: SPEED });
      await courier.ready;
      await stage.commit(3);
      // Nobody can say that nothing happens but by waiting for it not to happen.
      await sleep(4_000);
      expect(await ended(stage)).toBe(0);
      await stage.engine.fund(address, ETHER);
      await stage.rest(80_000);
      expect(await stage.statuses()).toEqual({ final: 6 });
      await courier.stop();
      return 1;
    });
  });
});
