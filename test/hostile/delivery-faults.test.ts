import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { endpointFaults, misbehave } from "../support/fault-endpoints.ts";
import { evmEngines } from "../support/evm-engines.ts";
import { killAtEveryCommit, settleWith } from "../support/fault-kills.ts";
import { reorganiseAll } from "../support/fault-reorgs.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";

/** Short versions of `npm run test:faults`, and proof that its auditor sees what it should. */
describe("delivery under faults, in short", () => {
  const isThere = haveNatsServer("delivery under faults");

  it.runIf(isThere)("survives kill -9 around commits", async () => {
    const stage = await openFaultWorld("anvil", await startFaultBus("nats"));
    await expectSurvival({ scenario: "kill -9, in short", bus: "nats", stage }, (under) =>
      killAtEveryCommit(under, { first: 2, step: 3, most: 8 }),
    );
  });

  it.runIf(isThere)("believes no endpoint that invents receipts", async () => {
    const fault = endpointFaults.find(({ name }) => name === "RPC invents receipts");
    if (!fault) throw new Error("no such fault");
    const stage = await openFaultWorld("anvil", await startFaultBus("nats"));
    await expectSurvival({ scenario: fault.name, bus: "nats", stage }, (under) =>
      misbehave(under, fault),
    );
  });

  describe.each(evmEngines)("on $name", ({ name, available }) => {
    it.runIf(available("reorgs, in short"))("survives reorgs", async () => {
      const stage = await openFaultWorld(name, await startFaultBus("in process"), { depth: 4 });
      await expectSurvival({ scenario: "reorgs, in short", bus: "in process", stage }, (under) =>
        reorganiseAll(under, [3], ["moved", "gone"]),
      );
    });
  });

  it("is audited by somebody who reads what is there", async () => {
    const stage = await openFaultWorld("anvil", await startFaultBus("in process"));
    await stage.commit(3);
    await settleWith(stage);
    expect(await stage.audit()).toEqual([]);
    const { db } = stage.store;
    const kinds = async (): Promise<readonly string[]> => [
      ...new Set((await stage.audit()).map(({ kind }) => kind)),
    ];
    await sql`update outbox set published_at = null, stream = null where id = 1`.execute(db);
    expect(await kinds()).toEqual(["outbox"]);
    await sql`update deliveries set status = 'failed' where round = 1`.execute(db);
    await sql`update deliveries set block_hash = 'x' where round = 2`.execute(db);
    await sql`update deliveries set status = 'submitted' where round = 3`.execute(db);
    expect((await kinds()).toSorted()).toEqual([
      "open",
      "outbox",
      "silent",
      "unreported",
      "untrue-receipt",
    ]);
    await sql`update evm_accounts set next_nonce = 99`.execute(db);
    await sql`update rounds set answer = '1' where round = 2`.execute(db);
    // What the chain breaks of its own finality: every update is gone.
    await stage.engine.reorg((await stage.engine.height()) - 1, { keep: "gone" });
    expect((await kinds()).toSorted()).toEqual(
      expect.arrayContaining(["nonce-gap", "not-on-chain"]),
    );
  });
});
