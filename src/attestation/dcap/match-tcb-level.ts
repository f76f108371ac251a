import { fabricError } from "../../core/errors/fabric-error.ts";
import type { PckExtension } from "./pck-extension.ts";
import type { TcbInfo, TcbLevel } from "./tcb-info.ts";

const atLeast = (
  svns: ArrayLike<number>,
  level: readonly { readonly svn: number }[],
  from: number,
): boolean => level.every(({ svn }, i) => i < from || (svns[i] ?? -1) >= svn);

const matchesPlatform = ({ tcb }: TcbLevel, pck: PckExtension): boolean =>
  atLeast(pck.components, tcb.sgxtcbcomponents, 0) && pck.pceSvn >= tcb.pcesvn;

/** With a versioned module the first two SVNs belong to the module's identity and are judged there. */
const matchesTd = ({ tcb }: TcbLevel, teeTcbSvn: Uint8Array): boolean =>
  tcb.tdxtcbcomponents !== undefined &&
  atLeast(teeTcbSvn, tcb.tdxtcbcomponents, (teeTcbSvn[1] ?? 0) > 0 ? 2 : 0);

const firstOf = (levels: readonly TcbLevel[], matches: (level: TcbLevel) => boolean): TcbLevel => {
  const level = levels.find(matches);
  if (level === undefined) throw fabricError("TCB_LEVEL_UNKNOWN", { of: "the platform" });
  return level;
};

/**
 * The levels of TCB info that a platform reaches, in Intel's order (PCS API v4, "Get TCB Info", and QVL 4.1.2.4.17):
 * the first that the PCK certificate's SVNs reach, and for a TD the first that its own SVNs reach as well.
 * Throws `TCB_LEVEL_UNKNOWN`: no matching level is a refusal.
 */
export const matchTcbLevels = (
  { tcbLevels }: TcbInfo,
  pck: PckExtension,
  teeTcbSvn: Uint8Array | null,
): { readonly platform: TcbLevel; readonly whole: TcbLevel } => {
  const platform = firstOf(tcbLevels, (level) => matchesPlatform(level, pck));
  if (teeTcbSvn === null) return { platform, whole: platform };
  const whole = firstOf(
    tcbLevels,
    (level) => matchesPlatform(level, pck) && matchesTd(level, teeTcbSvn),
  );
  return { platform, whole };
};
