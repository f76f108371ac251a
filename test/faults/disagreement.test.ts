import { describe, it } from "vitest";
import { evmEngines } from "../support/evm-engines.ts";
import { misbehave, type EndpointFault } from "../support/fault-endpoints.ts";
import { expectSurvival } from "../support/fault-report.ts";
import { openFaultWorld, startFaultBus } from "../support/fault-world.ts";
import { haveNatsServer } from "../support/nats-server.ts";
import type { RpcRule } from "../support/rpc-gate.ts";
import { inventReceipts, lagBehind, lieAboutNonce } from "../support/rpc-lies.ts";

/** One liar that does everything at once. */
const lieAboutAll = (): RpcRule => {
  const rules = [lieAboutNonce(5), inventReceipts()];
  return async (question) => {
    for (const rule of rules) {
      const made = await rule(question);
      if (made) return made;
    }
    return null;
  };
};

/** Sends broadcasts nowhere and says nothing of what it was told. */
const down = (): RpcRule => () => ({ kind: "status", status: 502 });

interface Case extends Pick<EndpointFault, "rule" | "isForEver"> {
  readonly scenario: string;
  /** Honest endpoints beside the one that is not. */
  readonly honest: number;
  readonly quorum?: number;
}

const cases: readonly Case[] = [
  { scenario: "1 of 3 RPCs lies for ever", honest: 2, rule: lieAboutAll, isForEver: true },
  { scenario: "2 RPCs disagree for a while", honest: 1, rule: lieAboutAll, isForEver: false },
  { scenario: "1 of 3 RPCs lags for ever", honest: 2, rule: () => lagBehind(6), isForEver: true },
  {
    scenario: "1 of 2 RPCs is down, failover",
    honest: 1,
    quorum: 1,
    rule: down,
    isForEver: true,
  },
];

describe.each(evmEngines)("endpoints that disagree, on $name", ({ name, available }) => {
  const isThere = available("endpoints that disagree") && haveNatsServer("endpoints that disagree");

  it.runIf(isThere).each(cases)(
    "$scenario",
    async ({ scenario, honest, quorum, rule, isForEver }) => {
      const bus = await startFaultBus("nats");
      const stage = await openFaultWorld(name, bus, {
        feeds: 2,
        chain: (gate, node) => ({
          timeoutMs: 1_000,
          ...(quorum === undefined ? {} : { quorum }),
          endpoints: [
            { url: gate.url, name: "bad" },
            ...Array.from({ length: honest }, (_, index) => ({
              url: node,
              name: `good-${index + 1}`,
            })),
          ],
        }),
      });
      await expectSurvival({ scenario, bus: "nats", stage }, () =>
        misbehave(stage, { rule, speed: 4, isForEver }),
      );
    },
  );
});
