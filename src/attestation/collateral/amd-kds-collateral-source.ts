import { fabricError } from "../../core/errors/fabric-error.ts";
import { encodeBase64 } from "../../crypto/base64.ts";
import { parseSnpReport, type SnpReport } from "../sev-snp/snp-report.ts";
import { isOfLine, SNP_LINES, type SnpLine } from "../sev-snp/snp-tcb.ts";
import type { SnpCollateral } from "./collateral.ts";
import type { CollateralSource } from "./collateral-source.ts";
import { createHttpsReader, type HttpsReaderOptions } from "./https-reader.ts";

const SOURCE = "AMD's KDS";
const BASE_URL = "https://kdsintf.amd.com";
/** Turin's chips have 8 bytes of id, the older ones 64. */
const CHIP_ID_HEX: Readonly<Record<SnpLine, number>> = { Milan: 128, Genoa: 128, Turin: 16 };

const unavailable = (reason: string) =>
  fabricError("COLLATERAL_UNAVAILABLE", { source: SOURCE, reason });

/** Lines that a report can be of. Version 2 does not say: the bytes behind a short chip id are zeros. */
const linesOf = ({ cpu, chipId }: SnpReport): readonly SnpLine[] => {
  if (cpu !== null) return SNP_LINES.filter((line) => isOfLine(cpu, line));
  return SNP_LINES.filter((line) => /^0+$/.test(chipId.slice(16)) === (line === "Turin"));
};

const spl = (value: number): string => String(value).padStart(2, "0");

const vcekPath = (report: SnpReport, line: SnpLine): string => {
  const { fmc, bootloader, tee, snp, microcode } = report.tcb(line).reported;
  const query = [
    ...(line === "Turin" ? [`fmcSPL=${spl(fmc)}`] : []),
    `blSPL=${spl(bootloader)}`,
    `teeSPL=${spl(tee)}`,
    `snpSPL=${spl(snp)}`,
    `ucodeSPL=${spl(microcode)}`,
  ].join("&");
  return `/vcek/v1/${line}/${report.chipId.slice(0, CHIP_ID_HEX[line])}?${query}`;
};

/**
 * AMD's Key Distribution Service (AMD 57230 "VCEK certificate and KDS interface", chapter 4): the VCEK for a report's chip
 * and reported TCB, ASK and ARK, and the ARK's list. A VLEK comes from the cloud that runs the machine, never from here.
 * Its form is tried against a server of our own; the real service was never reached from here.
 * Throws `CONFIG_INVALID` for the address.
 * @example
 * ```ts
 * const source = createAmdKdsCollateralSource();
 * const collateral = await source.fetch({ tee: "sev-snp", bytes: report }, { signal });
 * ```
 */
export const createAmdKdsCollateralSource = (
  options: Partial<Omit<HttpsReaderOptions, "source">> = {},
): CollateralSource => {
  const reader = createHttpsReader({ baseUrl: BASE_URL, ...options, source: SOURCE });
  const fetchLine = async (
    report: SnpReport,
    line: SnpLine,
    signal: AbortSignal,
  ): Promise<SnpCollateral | null> => {
    const vcek = await reader.get(vcekPath(report, line), { signal });
    if (vcek === null) return null;
    const [chain, crl] = await Promise.all([
      reader.get(`/vcek/v1/${line}/cert_chain`, { signal }),
      reader.get(`/vcek/v1/${line}/crl`, { signal }),
    ]);
    if (chain === null || crl === null) throw unavailable(`it lacks chain or list of ${line}`);
    return {
      certificates: [encodeBase64(vcek.body), new TextDecoder().decode(chain.body)],
      crls: [encodeBase64(crl.body)],
    };
  };
  return {
    fetch: async ({ tee, bytes }, { signal }) => {
      if (tee !== "sev-snp") return null;
      const report = parseSnpReport(bytes);
      if (report.signingKey === "vlek")
        throw unavailable("a VLEK certificate comes from the cloud, together with the report");
      for (const line of linesOf(report)) {
        const found = await fetchLine(report, line, signal);
        if (found) return found;
      }
      throw unavailable("it does not know the chip with this TCB");
    },
  };
};
