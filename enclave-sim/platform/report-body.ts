import { sha384 } from "@noble/hashes/sha2.js";

// Reports as processors write them: Intel SDM volume 3D, section 38.16 (REPORT) and Intel TDX Module 1.5 ABI, TDREPORT.

/** ATTRIBUTES.FLAGS of an enclave and bits of TD attributes. */
const INIT = 0x01;
const DEBUG = 0x02;
const MODE64 = 0x04;
const PROVISION_KEY = 0x10;
const TD_DEBUG = 0x01;
const TD_SEPT_VE_DISABLE = 0x10;
/** XFRM of an enclave and XFAM of a TD that use x87, SSE, AVX and AVX-512. */
const EXTENDED_FEATURES = 0xe7;

const SGX_REPORT_BYTES = 384;
const TD_REPORT_BYTES = 584;

/** One enclave as its report shows it. Hex is lower case. */
export interface SgxReport {
  readonly cpuSvn: Uint8Array;
  readonly debug: boolean;
  /** The quoting enclave may use the provisioning key. */
  readonly provisioning?: boolean;
  readonly mrenclave: Uint8Array;
  readonly mrsigner: Uint8Array;
  /** At most 64 bytes. */
  readonly configId: Uint8Array;
  readonly prodId: number;
  readonly svn: number;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

/** Bytes of an enclave's report, 384. */
export const writeSgxReport = (report: SgxReport): Uint8Array => {
  const bytes = new Uint8Array(SGX_REPORT_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(report.cpuSvn, 0);
  bytes[48] =
    INIT | MODE64 | (report.debug ? DEBUG : 0) | (report.provisioning ? PROVISION_KEY : 0);
  bytes[56] = EXTENDED_FEATURES;
  bytes.set(report.mrenclave, 64);
  bytes.set(report.mrsigner, 128);
  bytes.set(report.configId, 192);
  view.setUint16(256, report.prodId, true);
  view.setUint16(258, report.svn, true);
  bytes.set(report.reportData, 320);
  return bytes;
};

/** One trust domain as its report shows it. */
export interface TdReport {
  readonly teeTcbSvn: Uint8Array;
  readonly debug: boolean;
  /** At most 48 bytes. */
  readonly mrConfigId: Uint8Array;
  /** 48 bytes: the launch register. */
  readonly rtmr3: Uint8Array;
  /** 64 bytes. */
  readonly reportData: Uint8Array;
}

const named = (text: string): Uint8Array => sha384(new TextEncoder().encode(text));
/** What a real machine measures at launch does not exist here; the names say so. */
const SIMULATED_REGISTERS = {
  mrseam: named("SIMULATED TDX MODULE - NO HARDWARE ROOT"),
  mrtd: named("SIMULATED TRUST DOMAIN - NO HARDWARE ROOT"),
};

/** Bytes of a trust domain's report (TD 1.0), 584. RTMR0 to RTMR2 are zero: there is no firmware. */
export const writeTdReport = (report: TdReport): Uint8Array => {
  const bytes = new Uint8Array(TD_REPORT_BYTES);
  bytes.set(report.teeTcbSvn, 0);
  bytes.set(SIMULATED_REGISTERS.mrseam, 16);
  bytes[120] = report.debug ? TD_DEBUG : 0;
  bytes[123] = TD_SEPT_VE_DISABLE;
  bytes[128] = EXTENDED_FEATURES;
  bytes.set(SIMULATED_REGISTERS.mrtd, 136);
  bytes.set(report.mrConfigId, 184);
  bytes.set(report.rtmr3, 472);
  bytes.set(report.reportData, 520);
  return bytes;
};
