import { startAnvil } from "../src/cli/anvil.ts";
import { gasTargets, measureGas, type GasFigures } from "../test/support/measure-gas.ts";
import { measurePullGas, pullGasTargets } from "../test/support/measure-pull-gas.ts";
import { connectTestChain } from "../test/support/test-chain.ts";
import type { BenchRow } from "./report.ts";

const KOFN = "any k of n by a group, latest + event: steady";

const PULL_1 = "pull, 1 signer: over the 21,000";
const PULL_3 = "pull, 3 signers: over the 21,000";

/** Peers' real contracts, whole transactions in steady state under Osaka rules, and what a row proves beside ours. */
const peers: readonly {
  readonly ours: string;
  readonly name: string;
  readonly gas: number;
}[] = [
  { ours: "1 signer, latest + event: steady", name: "API3, 1 signer", gas: 37_185 },
  { ours: "1 signer, latest + event: steady", name: "Chronicle opPoke, 1 signer", gas: 54_600 },
  { ours: "1 signer, latest + event: steady", name: "Pyth Lazer, 1 signer", gas: 69_224 },
  { ours: "1 signer, latest + event: steady", name: "floor by the EVM's rules", gas: 30_360 },
  { ours: "2 of 3 signers, ring of true rounds: steady", name: "RedStone, 2 signers", gas: 49_536 },
  { ours: "3 signers, latest + event: steady", name: "RedStone, 3 signers", gas: 58_289 },
  { ours: "3 signers, latest + event: steady", name: "API3, 3 signers", gas: 91_324 },
  { ours: "3 signers, latest + event: steady", name: "Pyth, 3 of 4", gas: 110_456 },
  { ours: "3 signers, latest + event: steady", name: "floor by the EVM's rules", gas: 39_831 },
  { ours: KOFN, name: "RedStone, 2 signers", gas: 49_536 },
  { ours: KOFN, name: "Chronicle, 13 signers", gas: 123_101 },
  { ours: KOFN, name: "Chainlink OCR2, f = 10", gas: 167_465 },
  { ours: KOFN, name: "Pyth, 13 of 19", gas: 193_539 },
  { ours: KOFN, name: "Chainlink CRE, f = 10", gas: 198_170 },
  { ours: KOFN, name: "floor by the EVM's rules", gas: 30_815 },
  { ours: PULL_1, name: "Pyth Lazer, 1 signer", gas: 27_743 },
  { ours: PULL_1, name: "floor by the EVM's rules, no storage", gas: 5_013 },
  { ours: PULL_3, name: "RedStone, 3 signers", gas: 29_137 },
  { ours: PULL_3, name: "Chainlink Data Streams", gas: 39_496 },
  { ours: PULL_3, name: "floor by the EVM's rules, no storage", gas: 13_805 },
  { ours: "latestRoundData, cold", name: "Chainlink OCR2 through its proxy", gas: 7_465 },
  { ours: "latestRoundData, cold", name: "API3's proxy", gas: 22_204 },
  { ours: "latestRoundData, warm", name: "Chainlink OCR2 through its proxy", gas: 976 },
  { ours: "latestRoundData, warm", name: "API3's proxy", gas: 4_215 },
];

const GROUP = "Gas (attestation, expiry and revocation hold in every row of ours)";

const targets: GasFigures = { ...gasTargets, ...pullGasTargets };

const rowsOf = (figures: GasFigures): BenchRow[] =>
  Object.entries(figures).flatMap(([name, value]): BenchRow[] => {
    const target = targets[name];
    const own: BenchRow = {
      group: GROUP,
      name,
      value,
      unit: "gas",
      ...(target === undefined ? {} : { target: `<= ${target}`, ok: value <= target }),
    };
    const beside = peers
      .filter(({ ours }) => ours === name)
      .map((peer): BenchRow => ({
        group: GROUP,
        name: `  ${peer.name}`,
        value: peer.gas,
        unit: "gas",
        ratio: peer.gas / value,
        against: "ours",
      }));
    return [own, ...beside];
  });

/** Every kind of work on fresh anvils, beside what peers' contracts cost. */
export const runGasBench = async (): Promise<BenchRow[]> => {
  const ending = new AbortController();
  const anvils = await Promise.all([1, 2].map(() => startAnvil({ signal: ending.signal })));
  const [first, second] = anvils.map(connectTestChain);
  try {
    if (!first || !second) throw new Error("no chain");
    return rowsOf({ ...(await measureGas(first)), ...(await measurePullGas(second)) });
  } finally {
    await Promise.all(anvils.map((anvil) => anvil.stop()));
  }
};
