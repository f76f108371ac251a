import type { Digest } from "../core/ids.ts";

/** Kinds of trusted execution environment whose evidence is read. */
export const TEES = ["sgx", "tdx", "nitro", "sev-snp"] as const;
/** @see TEES */
export type Tee = (typeof TEES)[number];

/** Status words of Intel's TCB algorithm, exactly as its PCS writes them. */
export const TCB_STATUSES = [
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDate",
  "OutOfDateConfigurationNeeded",
  "TDRelaunchAdvised",
  "TDRelaunchAdvisedConfigurationNeeded",
  "Revoked",
] as const;
/** @see TCB_STATUSES */
export type TcbStatus = (typeof TCB_STATUSES)[number];

/**
 * What strict verification of evidence established, before any policy: authentic, and this is what it says. Hex is
 * lower case without prefix, times are ms since epoch.
 */
export interface EvidenceClaims {
  readonly tee: Tee;
  /** Property of the trust anchor that the chain ended in; never read from the evidence. */
  readonly simulated: boolean;
  /** Digest of the signed part, so that a twin of a signature has the same id. */
  readonly evidenceId: Digest;
  readonly debug: boolean;
  readonly tcb: {
    /** Null where the kind has no such word (nitro, sev-snp). */
    readonly status: TcbStatus | null;
    readonly advisories: readonly string[];
    /** `tcbEvaluationDataNumber`; null where there is none. */
    readonly evaluationNumber: number | null;
  };
  /** The one register that names the code: MRENCLAVE, MRTD, PCR0, MEASUREMENT. */
  readonly measurement: string;
  /** Every register by its vendor's name in lower case: `mrenclave`, `mrsigner`, `mrtd`, `rtmr0`, `pcr0`, `hostdata`. */
  readonly registers: Readonly<Record<string, string>>;
  /** MRSIGNER, PCR8, id key digest; null where nobody signed. */
  readonly signer: string | null;
  readonly prodId: number | null;
  readonly svn: number | null;
  /** CONFIGID, MRCONFIGID, HOST_DATA; null where the kind has none. */
  readonly configId: string | null;
  /** 64 bytes of the guest's own; nitro: `user_data`, zero-padded. */
  readonly reportData: string;
  /** FMSPC, chip id, module id. */
  readonly platform: string;
  /** When certificates, CRLs and TCB data of this evidence were valid together. */
  readonly validFrom: number;
  readonly validUntil: number;
}
