import { fabricError } from "../../core/errors/fabric-error.ts";

/** Product lines whose keys and TCB layout are known. */
export const SNP_LINES = ["Milan", "Genoa", "Turin"] as const;
/** @see SNP_LINES */
export type SnpLine = (typeof SNP_LINES)[number];

/** Security patch levels of a platform's parts; `fmc` exists from Turin on and is 0 before. */
export interface SnpTcb {
  readonly fmc: number;
  readonly bootloader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
}

/** In this order they are shown. */
export const SNP_TCB_PARTS = ["fmc", "bootloader", "tee", "snp", "microcode"] as const;

/** Where each part stands in the eight bytes of a TCB_VERSION (AMD 56860, tables 3 and 4). */
const LAYOUT: Readonly<Record<SnpLine, Readonly<Partial<Record<keyof SnpTcb, number>>>>> = {
  Milan: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Genoa: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
};

/** Read a TCB_VERSION. Bytes that its line reserves must be zero. Throws `EVIDENCE_MALFORMED`. */
export const readTcb = (bytes: Uint8Array, line: SnpLine): SnpTcb => {
  const layout = LAYOUT[line];
  const known = new Set(Object.values(layout));
  if (bytes.some((byte, index) => byte !== 0 && !known.has(index)))
    throw fabricError("EVIDENCE_MALFORMED", {
      what: "an SEV-SNP attestation report",
      reason: `a TCB version that ${line} does not have`,
    });
  const part = (name: keyof SnpTcb): number => bytes[layout[name] ?? bytes.length] ?? 0;
  return {
    fmc: part("fmc"),
    bootloader: part("bootloader"),
    tee: part("tee"),
    snp: part("snp"),
    microcode: part("microcode"),
  };
};

/** True when no part of `a` is below the same part of `b`. */
export const tcbAtLeast = (a: SnpTcb, b: SnpTcb): boolean =>
  SNP_TCB_PARTS.every((part) => a[part] >= b[part]);

/** Parts as text, for reasons and reports. */
export const tcbText = (tcb: SnpTcb): string =>
  SNP_TCB_PARTS.map((part) => `${part} ${tcb[part]}`).join(", ");

/** CPUID models of each line: family, first and last model. */
const MODELS: Readonly<Record<SnpLine, readonly (readonly [number, number, number])[]>> = {
  Milan: [[0x19, 0x00, 0x0f]],
  Genoa: [
    [0x19, 0x10, 0x1f],
    [0x19, 0xa0, 0xaf],
  ],
  Turin: [[0x1a, 0x00, 0x1f]],
};

/** Whether a processor belongs to a line, by the CPUID family and model that its report carries. */
export const isOfLine = (
  cpu: { readonly family: number; readonly model: number },
  line: SnpLine,
): boolean =>
  MODELS[line].some(
    ([family, first, last]) => cpu.family === family && cpu.model >= first && cpu.model <= last,
  );
