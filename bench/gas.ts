import { startAnvil } from "../src/cli/anvil.ts";
import { batchGasTargets, measureBatches } from "../test/support/measure-batch-gas.ts";
import { facadePeers, measureFacadeGas } from "../test/support/measure-facade-gas.ts";
import type { GasFigures } from "../test/support/gas-stage.ts";
import { gasTargets, measureGas } from "../test/support/measure-gas.ts";
import {
  measurePullGas,
  pullGasBeyondReach,
  pullGasTargets,
} from "../test/support/measure-pull-gas.ts";
import { connectTestChain, type TestChain } from "../test/support/test-chain.ts";
import { EVERY_ROW, gasTable, type GasSection } from "./gas/gas-table.ts";
import type { BenchRow } from "./report.ts";

const targets: GasFigures = { ...gasTargets, ...pullGasTargets, ...batchGasTargets };

const titleOf = (work: string): string => `Gas: ${work} (in every row of ours ${EVERY_ROW})`;

const ownRow = (group: string, name: string, figures: GasFigures, proves: string): BenchRow[] => {
  const value = figures[name];
  if (value === undefined) return [];
  const target = targets[name];
  const beyond = pullGasBeyondReach[name];
  const against = proves === "" ? {} : { against: proves };
  return [
    {
      group,
      name,
      value,
      unit: "gas",
      ...against,
      ...(target === undefined ? {} : { target: `<= ${target}`, ok: value <= target, fails: true }),
      ...(beyond === undefined
        ? {}
        : { target: `<= ${beyond}, beyond reach with revocation`, ok: value <= beyond }),
    },
  ];
};

/** Each peer is held against the figure of ours that does the same as it. */
const sectionRows = ({ work, ours, peers }: GasSection, figures: GasFigures): BenchRow[] => {
  const group = titleOf(work);
  const baseOf = (peer: GasSection["peers"][number]): number | undefined =>
    figures[peer.ours ?? ours[0]?.figure ?? ""];
  return [
    ...ours.flatMap(({ figure, proves }) => ownRow(group, figure, figures, proves)),
    ...peers.map((peer): BenchRow => {
      const base = baseOf(peer);
      return {
        group,
        name: `  ${peer.name}`,
        value: peer.gas,
        unit: "gas",
        ...(base === undefined ? {} : { ratio: peer.gas / base }),
        against: peer.proves,
      };
    }),
  ];
};

const facadeRows = (figures: GasFigures): BenchRow[] => {
  const group = titleOf("facades of peers over our feeds");
  return Object.entries(figures).flatMap(([name, value]) => [
    ...ownRow(group, name, figures, ""),
    ...facadePeers
      .filter(({ ours }) => ours === name)
      .map((peer): BenchRow => ({
        group,
        name: `  ${peer.name}`,
        value: peer.gas,
        unit: "gas",
        ratio: peer.gas / value,
        against: "ours",
      })),
  ]);
};

/** Every figure that the table does not name: deployment, first writes, the dearer ways in. */
const otherRows = (figures: GasFigures): BenchRow[] => {
  const shown = new Set(gasTable.flatMap(({ ours }) => ours.map(({ figure }) => figure)));
  return Object.keys(figures)
    .filter((name) => !shown.has(name))
    .flatMap((name) => ownRow("Gas: besides", name, figures, ""));
};

/** A target whose figure was not measured is missed: a row must not pass because it is not there. */
const missingRows = (figures: GasFigures): BenchRow[] =>
  Object.entries(targets)
    .filter(([name]) => figures[name] === undefined)
    .map(([name, target]) => ({
      group: "Gas: targets that nothing was measured for",
      name,
      value: Number.NaN,
      unit: "gas",
      target: `<= ${target}`,
      ok: false,
      fails: true,
    }));

const onFreshChain = async (
  measure: (chain: TestChain) => Promise<GasFigures>,
): Promise<GasFigures> => {
  const ending = new AbortController();
  const anvil = await startAnvil({ signal: ending.signal, extra: ["--hardfork", "osaka"] });
  try {
    return await measure(connectTestChain(anvil));
  } finally {
    await anvil.stop();
  }
};

/** Every row of the gas table on fresh anvils under Osaka rules, beside what peers' contracts cost and prove. */
export const runGasBench = async (): Promise<BenchRow[]> => {
  const figures: Record<string, number> = {};
  for (const measure of [measureGas, measurePullGas, measureBatches])
    Object.assign(figures, await onFreshChain(measure));
  return [
    ...gasTable.flatMap((section) => sectionRows(section, figures)),
    ...facadeRows(await onFreshChain(measureFacadeGas)),
    ...otherRows(figures),
    ...missingRows(figures),
  ];
};
