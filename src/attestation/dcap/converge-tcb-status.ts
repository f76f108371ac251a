import type { TcbStatus } from "../evidence-claims.ts";
import type { IdentityLevel } from "./tcb-info.ts";

const OUTDATED: Readonly<Partial<Record<TcbStatus, TcbStatus>>> = {
  UpToDate: "OutOfDate",
  SWHardeningNeeded: "OutOfDate",
  ConfigurationNeeded: "OutOfDateConfigurationNeeded",
  ConfigurationAndSWHardeningNeeded: "OutOfDateConfigurationNeeded",
};

/** A platform's status with that of its quoting enclave or TDX module (QVL 4.1.2.4.17.4.2 and .5): the worse of both. */
export const convergeTcbStatus = (
  status: TcbStatus,
  part: IdentityLevel["tcbStatus"],
): TcbStatus => {
  if (part === "Revoked") return "Revoked";
  return part === "OutOfDate" ? (OUTDATED[status] ?? status) : status;
};
