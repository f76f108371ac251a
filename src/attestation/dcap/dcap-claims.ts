import { bytesToHex } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import type { EvidenceClaims } from "../evidence-claims.ts";
import { type EnclaveReport, isDebugEnclave } from "./enclave-report.ts";
import type { Quote } from "./parse-quote.ts";
import { isDebugTd, type TdReport } from "./td-report.ts";

/** What verification established around the report. */
export type DcapFacts = Pick<
  EvidenceClaims,
  "simulated" | "tcb" | "platform" | "validFrom" | "validUntil"
>;

type ReportClaims = Omit<EvidenceClaims, keyof DcapFacts | "evidenceId">;

const sgxClaims = (report: EnclaveReport): ReportClaims => ({
  tee: "sgx",
  debug: isDebugEnclave(report),
  measurement: bytesToHex(report.mrenclave),
  registers: {
    mrenclave: bytesToHex(report.mrenclave),
    mrsigner: bytesToHex(report.mrsigner),
    attributes: bytesToHex(report.attributes),
    miscselect: bytesToHex(report.miscSelect),
    cpusvn: bytesToHex(report.cpuSvn),
    configid: bytesToHex(report.configId),
    configsvn: String(report.configSvn),
    isvextprodid: bytesToHex(report.isvExtProdId),
    isvfamilyid: bytesToHex(report.isvFamilyId),
  },
  signer: bytesToHex(report.mrsigner),
  prodId: report.isvProdId,
  svn: report.isvSvn,
  configId: bytesToHex(report.configId),
  reportData: bytesToHex(report.reportData),
});

const tdxClaims = (report: TdReport): ReportClaims => {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmrs;
  return {
    tee: "tdx",
    debug: isDebugTd(report),
    measurement: bytesToHex(report.mrtd),
    registers: {
      mrtd: bytesToHex(report.mrtd),
      rtmr0: bytesToHex(rtmr0),
      rtmr1: bytesToHex(rtmr1),
      rtmr2: bytesToHex(rtmr2),
      rtmr3: bytesToHex(rtmr3),
      mrconfigid: bytesToHex(report.mrConfigId),
      mrowner: bytesToHex(report.mrOwner),
      mrownerconfig: bytesToHex(report.mrOwnerConfig),
      mrseam: bytesToHex(report.mrSeam),
      mrsignerseam: bytesToHex(report.mrSignerSeam),
      seamattributes: bytesToHex(report.seamAttributes),
      tdattributes: bytesToHex(report.tdAttributes),
      xfam: bytesToHex(report.xfam),
      teetcbsvn: bytesToHex(report.teeTcbSvn),
      ...(report.v15 && { teetcbsvn2: bytesToHex(report.v15.teeTcbSvn2) }),
    },
    signer: null,
    prodId: null,
    svn: null,
    configId: bytesToHex(report.mrConfigId),
    reportData: bytesToHex(report.reportData),
  };
};

/** Claims of a verified quote. Its id is the digest of header and body, which twins of a signature share. */
export const dcapClaims = ({ body, signed }: Quote, facts: DcapFacts): EvidenceClaims => ({
  ...(body.kind === "sgx" ? sgxClaims(body) : tdxClaims(body)),
  ...facts,
  evidenceId: digestOf(signed),
});
