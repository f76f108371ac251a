import { setTimeout as sleep } from "node:timers/promises";
import { Wallet } from "ethers";
import { describe, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { reorganise } from "../support/fault-reorgs.ts";
import { expectSurvival } from "../support/fault-report.ts";
import type { FaultStage } from "../support/fault-stage.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const TIMES = 4;

/** Waits until the auditor has nothing to say: what had ended may have to begin again. */
const untilSound = async (stage: FaultStage, limitMs: number): Promise<void> => {
  const limit = performance.now() + limitMs;
  while (performance.now() < limit) {
    if ((await stage.isAtRest()) && (await stage.audit()).length === 0) return;
    await sleep(250);
  }
};

describe.each(evmEngines)("two faults at once, on $name", ({ name, available }) => {
  const isThere = available("two faults at once") && haveNatsServer("two faults at once");

  it.runIf(isThere)("a reorg while nobody looks", async () => {
    const stage = await openFaultWorld(name, await startFaultBus("nats"), { feeds: 2, depth: 12 });
    await expectSurvival({ scenario: "reorg during downtime", bus: "nats", stage }, async () => {
      for (let time = 0; time < TIMES; time += 1) {
        const courier = stage.start();
        await courier.ready;
        await stage.commit(2);
        // Some of it is in blocks when it dies, some is not.
        await sleep(300 + time * 150);
        await courier.kill();
        await stage.engine.reorg(5 + time, { keep: time % 2 === 0 ? "gone" : "moved" });
      }
      const last = stage.start();
      await last.ready;
      await stage.rest(60_000);
      await last.stop();
      return TIMES;
    });
  });

  it.runIf(isThere)("kill -9 in the middle of a reorg", async () => {
    const stage = await openFaultWorld(name, await startFaultBus("nats"), { feeds: 2, depth: 12 });
    await expectSurvival({ scenario: "kill -9 in reorgs", bus: "nats", stage }, async () => {
      for (let time = 0; time < TIMES; time += 1) {
        const courier = stage.start();
        await courier.ready;
        await reorganise(stage, { depth: 4, keep: time % 2 === 0 ? "gone" : "same" });
        await sleep(time * 20);
        await courier.kill();
      }
      const last = stage.start();
      await last.ready;
      await stage.rest(60_000);
      await last.stop();
      return TIMES;
    });
  });

  it.runIf(isThere)("somebody else uses the account", async () => {
    const stage = await openFaultWorld(name, await startFaultBus("nats"), { feeds: 2 });
    await expectSurvival({ scenario: "foreign transactions", bus: "nats", stage }, async () => {
      const { engine, signer } = stage;
      const thief = new Wallet(ANVIL_SECRETS[1]);
      const courier = stage.start({ speed: 10 });
      await courier.ready;
      for (let time = 0; time < TIMES; time += 1) {
        engine.autoMine(null);
        await stage.commit(2);
        const nonce = Number(await engine.ask("eth_getTransactionCount", signer, "latest"));
        const raw = await thief.signTransaction({
          type: 2,
          chainId: engine.chainId,
          nonce,
          to: thief.address,
          value: 0n,
          gasLimit: 21_000n,
          maxFeePerGas: 500_000_000_000n,
          maxPriorityFeePerGas: 50_000_000_000n,
        });
        // Before ours in one turn, against ours in the next: the higher fee wins the nonce.
        await sleep(time % 2 === 0 ? 0 : 500);
        await engine.ask("eth_sendRawTransaction", raw).catch(() => undefined);
        engine.autoMine(60);
        await stage.rest(30_000);
      }
      await courier.stop();
      return TIMES;
    });
  });

  it.runIf(isThere)("a chain that breaks its own finality", async () => {
    const stage = await openFaultWorld(name, await startFaultBus("nats"), { feeds: 2, depth: 2 });
    await expectSurvival({ scenario: "finality broken", bus: "nats", stage }, async () => {
      const courier = stage.start({ speed: 4 });
      await courier.ready;
      await stage.commit(2);
      await stage.rest(30_000);
      // As deep as the contracts of the feeds allow: every round that was final is gone.
      await stage.engine.reorg(8, { keep: "gone" });
      await stage.commit(1);
      await untilSound(stage, 60_000);
      await courier.stop();
      return 1;
    });
  });
});
