import { pathToFileURL } from "node:url";
import { QuoteVerifier } from "@phala/dcap-qvl";
import { INTEL_SGX_ROOT } from "../src/attestation/dcap/intel-root.ts";
import { verifyDcapQuote } from "../src/attestation/dcap/verify-dcap-quote.ts";
import { forgetFacts } from "../src/attestation/x509/bounded-cache.ts";
import { readQuoteCases } from "../test/support/quote-cases.ts";
import { worldAnchor, worldEvidence, WORLD_TIME } from "../test/support/quote-world.ts";
import { type BenchCase, measureRates } from "./cpu-rate.ts";
import { printBench, type BenchRow } from "./report.ts";

const UNIT = "per CPU s";
const OURS = "ours, collateral seen before";
const FIRST = "ours, nothing seen before";
const PHALA = "@phala/dcap-qvl 0.3.9";

interface Subject {
  readonly group: string;
  readonly quote: Uint8Array;
  readonly collateral: ReturnType<typeof worldEvidence>["collateral"];
  readonly anchor: ReturnType<typeof worldAnchor>;
  readonly at: number;
}

/** Real quotes where they are, beside quotes of a PKI of our own, which are always there. */
const subjects = (): readonly Subject[] => {
  const real = readQuoteCases("appraisal bench with real quotes")
    .filter(({ folder }) => folder === "phala-sgx" || folder === "phala-tdx")
    .map((shared): Subject => ({
      ...shared,
      group: `appraise a real ${shared.folder === "phala-sgx" ? "SGX" : "TDX"} quote`,
      anchor: INTEL_SGX_ROOT,
    }));
  const simulated = (["sgx", "tdx"] as const).map((tee): Subject => ({
    ...worldEvidence({ tee }),
    group: `appraise a simulated ${tee.toUpperCase()} quote`,
    anchor: worldAnchor(),
    at: WORLD_TIME,
  }));
  return [...real, ...simulated];
};

const casesOf = ({ quote, collateral, anchor, at }: Subject): readonly BenchCase[] => {
  const phala = QuoteVerifier.newWithRootCa(Buffer.from(anchor.certificate));
  const verify = () => verifyDcapQuote(quote, { collateral, anchors: [anchor], at });
  return [
    { name: OURS, run: verify },
    {
      name: FIRST,
      run: () => {
        forgetFacts();
        verify();
      },
    },
    {
      name: PHALA,
      run: () => {
        phala.verify(quote, collateral, at / 1_000);
      },
    },
  ];
};

const rowsOf = (subject: Subject): readonly BenchRow[] => {
  const rates = measureRates(casesOf(subject));
  const { group } = subject;
  const base = rates.get(PHALA) ?? 0;
  return [OURS, FIRST]
    .map((name): BenchRow => {
      const value = rates.get(name) ?? 0;
      const ratio = value / base;
      return {
        group,
        name,
        value,
        unit: UNIT,
        ratio,
        against: PHALA,
        target: ">= 4x",
        ok: ratio >= 4,
      };
    })
    .concat({ group, name: PHALA, value: base, unit: UNIT });
};

/**
 * Strict appraisal of SGX and TDX quotes beside phala's, in this one run: with collateral and chain that were seen
 * before, of which two signatures remain, and with none, where nine are checked.
 */
export const runAppraiseBench = async (): Promise<readonly BenchRow[]> =>
  subjects().flatMap(rowsOf);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  printBench(await runAppraiseBench());
