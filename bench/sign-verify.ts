import { pathToFileURL } from "node:url";
import { nativeSecp256k1 } from "../src/crypto/drivers/native-secp256k1.ts";
import { measureRates } from "./cpu-rate.ts";
import { printBench, type BenchRow } from "./report.ts";
import { batchCases } from "./sign-verify/batch.ts";
import { signCases } from "./sign-verify/sign.ts";
import { verifyCases } from "./sign-verify/verify.ts";

interface Comparison {
  readonly name: string;
  readonly against: string;
  /** Least ratio that is asked for; none where the row only informs. */
  readonly least?: number;
}

const UNIT = "per CPU s";

const rowsOf = (
  group: string,
  rates: ReadonlyMap<string, number>,
  comparisons: readonly Comparison[],
): BenchRow[] => [
  ...[...rates].map(([name, value]) => ({ group, name, value, unit: UNIT })),
  ...comparisons.map(({ name, against, least }): BenchRow => {
    const value = rates.get(name) ?? 0;
    const ratio = value / (rates.get(against) ?? 0);
    const row = { group, name, value, unit: UNIT, ratio, against };
    return least === undefined ? row : { ...row, target: `>= ${least}x`, ok: ratio >= least };
  }),
];

/** Signing, verifying and batching beside the raw native rate and the peers, all in this one run. */
export const runSignVerifyBench = async (): Promise<BenchRow[]> => {
  if (!nativeSecp256k1) {
    console.error("sign-verify: the optional package secp256k1 has no binary for this machine");
    return [];
  }
  return [
    ...rowsOf("sign + serialise one value", measureRates(signCases()), [
      { name: "ours, on-chain form", against: "API3 airnode-feed, its ethers 5", least: 10 },
      { name: "ours, on-chain form", against: "API3's way on ethers 6" },
      { name: "ours, on-chain form", against: "RedStone sign" },
      { name: "ours, on-chain form", against: "raw libsecp256k1 sign", least: 0.6 },
      { name: "ours, JSON form", against: "raw node Ed25519 sign, same bytes", least: 0.6 },
      { name: "ours, JSON form", against: "raw node Ed25519 sign" },
      { name: "ours, both forms", against: "API3 airnode-feed, its ethers 5" },
      { name: "ours, both forms, checked", against: "raw, both signatures" },
      { name: "ours, both forms", against: "raw, both signatures", least: 0.6 },
    ]),
    ...rowsOf("verify + parse one value", measureRates(verifyCases()), [
      { name: "ours, on-chain form", against: "RedStone verify", least: 2 },
      { name: "ours, on-chain form", against: "raw libsecp256k1 recover", least: 0.75 },
      { name: "ours, on-chain form", against: "API3 verifyMessage" },
      { name: "ours, JSON form", against: "raw node Ed25519 verify, same bytes" },
      { name: "ours, JSON form", against: "RedStone verify" },
    ]),
    ...rowsOf("1,000 values under one signature", measureRates(batchCases()), [
      { name: "ours, batch", against: "raw libsecp256k1, one signature per value", least: 8 },
      {
        name: "ours, batch with every proof",
        against: "raw libsecp256k1, one signature per value",
      },
    ]),
  ];
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  printBench(await runSignVerifyBench());
