import type { TcbStatus } from "../evidence-claims.ts";
import type { IdentityLevel, TcbInfo } from "./tcb-info.ts";
import type { TdReport } from "./td-report.ts";
import { findTdxModule } from "./tdx-module.ts";

/** What is known when the question comes up. */
export interface RelaunchFacts {
  readonly tcbInfo: TcbInfo;
  readonly report: TdReport;
  /** Status of the level that the platform's own SVNs reach. */
  readonly platform: TcbStatus;
  /** Status of the TD, its module counted in. */
  readonly whole: TcbStatus;
  readonly module: IdentityLevel["tcbStatus"] | null;
  readonly qe: IdentityLevel["tcbStatus"];
}

const CURRENT = new Set<TcbStatus>([
  "UpToDate",
  "SWHardeningNeeded",
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
]);
const CONFIGURATION = new Set<TcbStatus>([
  "ConfigurationNeeded",
  "ConfigurationAndSWHardeningNeeded",
  "OutOfDateConfigurationNeeded",
]);

/** True when the module that runs now reaches the newest level that TCB info knows. Throws `TDX_MODULE_REFUSED`. */
const isUpdated = (tcbInfo: TcbInfo, svn2: Uint8Array): boolean => {
  const latest = tcbInfo.tcbLevels[0]?.tcb.tdxtcbcomponents;
  const [minor = 0, version = 0, microcode = 0] = svn2;
  const newest =
    version === 0 ? latest?.[0]?.svn : findTdxModule(tcbInfo, version).tcbLevels[0]?.tcb.isvsvn;
  const newestMicrocode = latest?.[2]?.svn;
  if (newest === undefined || newestMicrocode === undefined) return false;
  return minor >= newest && microcode >= newestMicrocode;
};

/**
 * TDX 1.5 (QVL 4.1.2.4.17.4.3): a TD that was started under an old module, on a platform that has since updated it, is
 * out of date only until it is started again. Throws `TDX_MODULE_REFUSED`.
 */
export const checkRelaunch = (facts: RelaunchFacts): TcbStatus => {
  const { tcbInfo, report, platform, whole, module, qe } = facts;
  const outdated = whole === "OutOfDate" || whole === "OutOfDateConfigurationNeeded";
  if (report.v15 === null || qe !== "UpToDate" || module !== "OutOfDate") return whole;
  if (!CURRENT.has(platform) || !outdated) return whole;
  if (!isUpdated(tcbInfo, report.v15.teeTcbSvn2)) return whole;
  return CONFIGURATION.has(platform) || CONFIGURATION.has(whole)
    ? "TDRelaunchAdvisedConfigurationNeeded"
    : "TDRelaunchAdvised";
};
