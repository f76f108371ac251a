import { startAnvil } from "../src/cli/anvil.ts";
import { gasTargets, measureGas, type GasFigures } from "../test/support/measure-gas.ts";
import { connectTestChain } from "../test/support/test-chain.ts";
import type { BenchRow } from "./report.ts";

const KOFN = "any k of n by a group, latest + event: steady";

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
  { ours: "latestRoundData, cold", name: "Chainlink OCR2 through its proxy", gas: 7_465 },
  { ours: "latestRoundData, cold", name: "API3's proxy", gas: 22_204 },
  { ours: "latestRoundData, warm", name: "Chainlink OCR2 through its proxy", gas: 976 },
  { ours: "latestRoundData, warm", name: "API3's proxy", gas: 4_215 },
];

const GROUP = "Gas (attestation, expiry and revocation hold in every row of ours)";

const rowsOf = (figures: GasFigures): BenchRow[] =>
  Object.entries(figures).flatMap(([name, value]): BenchRow[] => {
    const target = gasTargets[name];
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

/** Every kind of work on a fresh anvil, beside what peers' contracts cost. */
export const runGasBench = async (): Promise<BenchRow[]> => {
  const ending = new AbortController();
  const anvil = await startAnvil({ signal: ending.signal });
  try {
    return rowsOf(await measureGas(connectTestChain(anvil)));
  } finally {
    await anvil.stop();
  }
};
