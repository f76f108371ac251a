import { constants } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { awaitFresh, providerFailed } from "./await-fresh.ts";
import type { QuoteProvider } from "./quote-provider.ts";
import { bindsReportData, MAX_QUOTE_BYTES, recogniseQuote } from "./read-report.ts";

/** Where Gramine shows it to the program inside. */
export const GRAMINE_DIRECTORY = "/dev/attestation";

/**
 * Quotes of an SGX enclave that Gramine runs (its documentation, "Attestation and Secret Provisioning"): 64 bytes into
 * `user_report_data`, the quote out of `quote`. The files are one for the whole enclave, so questions wait in line.
 * Not tried on hardware. Throws `QUOTE_PROVIDER_FAILED`.
 */
export const createGramineQuoteProvider = (
  directory: string = GRAMINE_DIRECTORY,
): QuoteProvider => {
  const file = (name: string) => path.join(directory, name);
  const ask = async (reportData: Uint8Array, signal: AbortSignal | undefined) => {
    const kind = await readFile(file("attestation_type"), "utf8").catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : "?";
      throw providerFailed("gramine", reason, error);
    });
    if (kind.trim() !== "dcap")
      throw providerFailed("gramine", `attestation_type is ${kind.trim().slice(0, 20)}, not dcap`);
    await writeFile(file("user_report_data"), reportData, { flag: constants.O_WRONLY });
    return awaitFresh(
      "gramine",
      "quote for this report data",
      async () => {
        const bytes = new Uint8Array(await readFile(file("quote")));
        if (bytes.length > MAX_QUOTE_BYTES)
          throw providerFailed("gramine", "the quote is too long");
        const report = recogniseQuote(bytes);
        if (report?.tee !== "sgx" || !bindsReportData(report, reportData)) return null;
        return { type: report.type, tee: report.tee, bytes, collateral: null };
      },
      signal,
    );
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: "gramine",
    getEvidence: (reportData, options = {}) => {
      const turn = last.then(() => ask(reportData, options.signal));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};
