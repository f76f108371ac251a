import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import type { IdentityLevel, TcbInfo, TdxModuleIdentity } from "./tcb-info.ts";
import type { TdReport } from "./td-report.ts";

const ZERO_ATTRIBUTES = "0".repeat(16);

const refuse = (reason: string): never => {
  throw fabricError("TDX_MODULE_REFUSED", { reason });
};

/** Identity of the module version that an SVN names in its second byte. Throws `TDX_MODULE_REFUSED`. */
export const findTdxModule = (tcbInfo: TcbInfo, version: number): TdxModuleIdentity => {
  const id = `TDX_${version.toString(16).padStart(2, "0")}`.toUpperCase();
  const found = tcbInfo.tdxModuleIdentities?.find((module) => module.id.toUpperCase() === id);
  return found ?? refuse(`TCB info has no identity ${id}`);
};

/**
 * Check the TDX module that made the report: its signer and attributes, and the level of its SVN. Null for the first
 * modules, which have no version and are judged with the platform. Throws `TDX_MODULE_REFUSED`, `TCB_LEVEL_UNKNOWN`.
 */
export const checkTdxModule = (tcbInfo: TcbInfo, report: TdReport): IdentityLevel | null => {
  const [minor = 0, version = 0] = report.teeTcbSvn;
  const identity = version > 0 ? findTdxModule(tcbInfo, version) : null;
  const expected = identity ?? tcbInfo.tdxModule ?? refuse("TCB info has no module");
  if (bytesToHex(report.mrSignerSeam) !== expected.mrsigner) refuse("another signer's module");
  // Intel demands zeros whatever the mask says: no attribute of the SEAM exists yet.
  const attributes = bytesToHex(report.seamAttributes);
  if (attributes !== ZERO_ATTRIBUTES || expected.attributes !== ZERO_ATTRIBUTES)
    refuse("SEAM attributes are set");
  if (identity === null) return null;
  const level = identity.tcbLevels.find(({ tcb }) => minor >= tcb.isvsvn);
  if (level === undefined) throw fabricError("TCB_LEVEL_UNKNOWN", { of: "the TDX module" });
  return level;
};
