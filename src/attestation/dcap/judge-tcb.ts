import type { TcbStatus } from "../evidence-claims.ts";
import { checkRelaunch } from "./check-relaunch.ts";
import { convergeTcbStatus } from "./converge-tcb-status.ts";
import type { EnclaveReport } from "./enclave-report.ts";
import { matchTcbLevels } from "./match-tcb-level.ts";
import type { PckExtension } from "./pck-extension.ts";
import type { IdentityLevel, TcbInfo } from "./tcb-info.ts";
import type { TdReport } from "./td-report.ts";
import { checkTdxModule } from "./tdx-module.ts";

/** Intel's verdict on a platform. */
export interface TcbVerdict {
  readonly status: TcbStatus;
  /** Of the level, the module and the quoting enclave: each once, sorted. */
  readonly advisories: readonly string[];
}

const union = (...levels: readonly (IdentityLevel | { advisoryIDs: readonly string[] } | null)[]) =>
  [...new Set(levels.flatMap((level) => level?.advisoryIDs ?? []))].toSorted();

const judgeTd = (
  tcbInfo: TcbInfo,
  pck: PckExtension,
  qe: IdentityLevel,
  report: TdReport,
): TcbVerdict => {
  const module = checkTdxModule(tcbInfo, report);
  const { platform, whole } = matchTcbLevels(tcbInfo, pck, report.teeTcbSvn);
  const status = module ? convergeTcbStatus(whole.tcbStatus, module.tcbStatus) : whole.tcbStatus;
  const relaunch = checkRelaunch({
    tcbInfo,
    report,
    platform: platform.tcbStatus,
    whole: status,
    module: module?.tcbStatus ?? null,
    qe: qe.tcbStatus,
  });
  return {
    status: convergeTcbStatus(relaunch, qe.tcbStatus),
    advisories: union(whole, module, qe),
  };
};

/**
 * Intel's TCB algorithm (PCS API v4, "Get TCB Info"; QVL 4.1.2.4.17). `qe` is the level of the quoting enclave.
 * Throws `TCB_LEVEL_UNKNOWN`, `TDX_MODULE_REFUSED`.
 */
export const judgeTcb = (
  tcbInfo: TcbInfo,
  pck: PckExtension,
  qe: IdentityLevel,
  body: EnclaveReport | TdReport,
): TcbVerdict => {
  if (body.kind === "tdx") return judgeTd(tcbInfo, pck, qe, body);
  const { whole } = matchTcbLevels(tcbInfo, pck, null);
  return {
    status: convergeTcbStatus(whole.tcbStatus, qe.tcbStatus),
    advisories: union(whole, qe),
  };
};
