import { constants } from "node:fs";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { SnpCollateral } from "../../src/attestation/collateral/collateral.ts";
import { awaitFresh, providerFailed } from "./await-fresh.ts";
import type { QuoteProvider, TeeEvidence } from "./quote-provider.ts";
import { readCertificateTable } from "./certificate-table.ts";
import {
  bindsReportData,
  MAX_QUOTE_BYTES,
  recogniseQuote,
  recogniseSnpReport,
} from "./read-report.ts";

/** Where Linux shows it since 6.7. */
export const CONFIGFS_TSM_DIRECTORY = "/sys/kernel/config/tsm/report";

/** `provider` of the kernel's drivers and who recognises their reports. */
const PROVIDERS = {
  tdx_guest: recogniseQuote,
  sev_guest: recogniseSnpReport,
} as const;

const isProvider = (name: string): name is keyof typeof PROVIDERS => Object.hasOwn(PROVIDERS, name);

/** What stands in auxblob: nothing for TDX, the certificates that the hypervisor gave for SEV-SNP. */
const readAuxiliary = async (entry: string): Promise<SnpCollateral | null> => {
  try {
    return readCertificateTable(new Uint8Array(await readFile(path.join(entry, "auxblob"))));
  } catch {
    // Not every kernel shows it, and the verifier can fetch what it holds.
    return null;
  }
};

/** One question through one entry. */
const askEntry = async (
  entry: string,
  reportData: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<TeeEvidence> => {
  const file = (name: string) => path.join(entry, name);
  const text = (name: string) => readFile(file(name), "utf8");
  const wait = <Answer>(what: string, question: () => Promise<Answer | null>) =>
    awaitFresh("configfs-tsm", what, question, signal);
  const provider = (await wait("provider", () => text("provider"))).trim();
  if (!isProvider(provider))
    throw providerFailed("configfs-tsm", `the provider ${provider.slice(0, 40)} is not known`);
  const before = Number.parseInt(await wait("generation", () => text("generation")), 10);
  await writeFile(file("inblob"), reportData, { flag: constants.O_WRONLY });
  const bytes = await wait("outblob", async () => {
    const blob = new Uint8Array(await readFile(file("outblob")));
    const generation = Number.parseInt(await text("generation"), 10);
    // One write of ours; another one means that somebody else asks through this entry.
    if (generation > before + 1)
      throw providerFailed("configfs-tsm", "somebody else wrote to the entry");
    return generation === before + 1 && blob.length > 0 ? blob : null;
  });
  if (bytes.length > MAX_QUOTE_BYTES) throw providerFailed("configfs-tsm", "outblob is too long");
  const report = PROVIDERS[provider](bytes);
  if (!report) throw providerFailed("configfs-tsm", "outblob is no report of its provider");
  if (!bindsReportData(report, reportData))
    throw providerFailed("configfs-tsm", "outblob binds other report data");
  const collateral = provider === "sev_guest" ? await readAuxiliary(entry) : null;
  return { type: report.type, tee: report.tee, bytes, collateral };
};

/**
 * Quotes of Intel TDX and AMD SEV-SNP guests through Linux's configfs (Documentation/ABI/testing/configfs-tsm-report):
 * one entry per question, `inblob` written once, `generation` compared so that nobody else's write is answered.
 * Not tried on hardware. Throws `QUOTE_PROVIDER_FAILED`.
 */
export const createConfigfsTsmQuoteProvider = (
  directory: string = CONFIGFS_TSM_DIRECTORY,
): QuoteProvider => {
  return {
    name: "configfs-tsm",
    getEvidence: async (reportData, options = {}) => {
      const entry = path.join(directory, `cryptlet-${randomUUID()}`);
      try {
        await mkdir(entry);
      } catch (error) {
        const reason = error instanceof Error ? error.message : "?";
        throw providerFailed("configfs-tsm", reason, error);
      }
      try {
        return await askEntry(entry, reportData, options.signal);
      } finally {
        // A simulated folder is cleared by whoever simulates it.
        await rmdir(entry).catch(() => undefined);
      }
    },
  };
};
