import { createByteReader } from "./byte-reader.ts";

/** Bytes of a TD report body in a quote: TDX 1.0 and 1.5 (Intel TDX DCAP Quoting Library API, appendix A.3). */
export const TD_REPORT_10_LENGTH = 584;
/** @see TD_REPORT_10_LENGTH */
export const TD_REPORT_15_LENGTH = 648;

/** What the TDX module says about a trust domain. Not verified. */
export interface TdReport {
  readonly kind: "tdx";
  /** SVNs of the module at the TD's start: `[0]` its minor SVN, `[1]` its version, `[2]` late microcode. */
  readonly teeTcbSvn: Uint8Array;
  readonly mrSeam: Uint8Array;
  readonly mrSignerSeam: Uint8Array;
  readonly seamAttributes: Uint8Array;
  readonly tdAttributes: Uint8Array;
  readonly xfam: Uint8Array;
  readonly mrtd: Uint8Array;
  readonly mrConfigId: Uint8Array;
  readonly mrOwner: Uint8Array;
  readonly mrOwnerConfig: Uint8Array;
  readonly rtmrs: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  readonly reportData: Uint8Array;
  /** TDX 1.5: the SVNs of the module that runs now, and the measurement of a service TD that is bound. */
  readonly v15: { readonly teeTcbSvn2: Uint8Array; readonly mrServiceTd: Uint8Array } | null;
}

/** Read a TD report body of either length. Throws `QUOTE_MALFORMED`. */
export const parseTdReport = (bytes: Uint8Array): TdReport => {
  const reader = createByteReader(bytes);
  const report = {
    kind: "tdx",
    teeTcbSvn: reader.bytes(16),
    mrSeam: reader.bytes(48),
    mrSignerSeam: reader.bytes(48),
    seamAttributes: reader.bytes(8),
    tdAttributes: reader.bytes(8),
    xfam: reader.bytes(8),
    mrtd: reader.bytes(48),
    mrConfigId: reader.bytes(48),
    mrOwner: reader.bytes(48),
    mrOwnerConfig: reader.bytes(48),
    rtmrs: [reader.bytes(48), reader.bytes(48), reader.bytes(48), reader.bytes(48)],
    reportData: reader.bytes(64),
  } as const;
  const v15 =
    bytes.length === TD_REPORT_15_LENGTH
      ? { teeTcbSvn2: reader.bytes(16), mrServiceTd: reader.bytes(48) }
      : null;
  reader.finish("a TD report");
  return { ...report, v15 };
};

/** True when anybody may read the TD: attribute DEBUG, or one of the bits beside it that do not exist yet. */
export const isDebugTd = ({ tdAttributes }: TdReport): boolean => (tdAttributes[0] ?? 0xff) !== 0;

/** True when a service TD may move the TD to another machine (attribute MIGRATABLE, bit 29; TDX module 1.5 ABI). */
export const isMigratableTd = ({ tdAttributes }: TdReport): boolean =>
  ((tdAttributes[3] ?? 0xff) & 0x20) !== 0;
