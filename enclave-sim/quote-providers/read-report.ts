import { SNP_REPORT_BYTES } from "../../src/attestation/sev-snp/snp-report.ts";
import { bytesEqual } from "../../src/crypto/bytes.ts";
import type { QuoteType } from "./quote-provider.ts";

/** Largest quote or report that a driver takes, in bytes: the kernel's own bound of configfs-tsm. */
export const MAX_QUOTE_BYTES = 32_768;

/** Where the report data stands in each kind (Intel DCAP appendix A, AMD SEV-SNP ABI table 23), and what it is. */
const KINDS = [
  { type: "application/vnd.intel.sgx.quote.v3", tee: "sgx", version: 3, teeType: 0, at: 368 },
  { type: "application/vnd.intel.tdx.quote.v4", tee: "tdx", version: 4, teeType: 0x81, at: 568 },
  { type: "application/vnd.intel.tdx.quote.v5", tee: "tdx", version: 5, teeType: 0x81, at: 574 },
] as const;
const SNP_REPORT_DATA = 80;

/** What a blob of bytes is by its own head; nothing is verified. */
export interface RecognisedReport {
  readonly type: QuoteType;
  readonly tee: "sgx" | "tdx" | "sev-snp";
  readonly reportData: Uint8Array;
}

/** Recognise an Intel quote. Null for anything else. */
export const recogniseQuote = (bytes: Uint8Array): RecognisedReport | null => {
  if (bytes.length < 48) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(0, true);
  // Version 3 has no TEE type; the field is reserved and zero.
  const teeType = view.getUint32(4, true);
  const kind = KINDS.find((one) => one.version === version && one.teeType === teeType);
  if (!kind || bytes.length < kind.at + 64) return null;
  return { type: kind.type, tee: kind.tee, reportData: bytes.slice(kind.at, kind.at + 64) };
};

/** Recognise an SEV-SNP attestation report. Null for anything else. */
export const recogniseSnpReport = (bytes: Uint8Array): RecognisedReport | null =>
  bytes.length === SNP_REPORT_BYTES
    ? {
        type: "application/vnd.amd.sev-snp.report",
        tee: "sev-snp",
        reportData: bytes.slice(SNP_REPORT_DATA, SNP_REPORT_DATA + 64),
      }
    : null;

/** Whether a report binds these bytes: one that does not was made for somebody else, or before. */
export const bindsReportData = (report: RecognisedReport, reportData: Uint8Array): boolean =>
  bytesEqual(report.reportData, reportData);
