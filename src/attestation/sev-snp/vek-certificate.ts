import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import type { Certificate } from "../x509/certificate.ts";
import { derContent } from "../x509/check-der.ts";
import { DER } from "../x509/der-reader.ts";
import { SNP_LINES, type SnpLine, type SnpTcb } from "./snp-tcb.ts";

/**
 * What AMD says about a chip's key (VCEK) or a cloud's key (VLEK) in its certificate (AMD 57230 "VCEK certificate and
 * KDS interface", table 8).
 */
export interface VekCertificate {
  readonly kind: "vcek" | "vlek";
  readonly line: SnpLine;
  /** TCB versions that the key was derived for. */
  readonly tcb: SnpTcb;
  /** VCEK: chip id in hex, 64 bytes, or 8 from Turin on. */
  readonly hardwareId: string | null;
  /** VLEK: the cloud that the key was made for. */
  readonly cloud: string | null;
}

const AMD = "1.3.6.1.4.1.3704.1";
const PRODUCT_NAME = `${AMD}.2`;
const HARDWARE_ID = `${AMD}.4`;
const CLOUD_ID = `${AMD}.5`;
const SPL: Readonly<Record<keyof SnpTcb, string>> = {
  bootloader: `${AMD}.3.1`,
  tee: `${AMD}.3.2`,
  snp: `${AMD}.3.3`,
  microcode: `${AMD}.3.8`,
  fmc: `${AMD}.3.9`,
};
const KINDS: ReadonlyMap<string, VekCertificate["kind"]> = new Map([
  ["SEV-VCEK", "vcek"],
  ["SEV-VLEK", "vlek"],
]);
/** Names before the stepping (`Milan-B0`) that stand under each root. */
const PRODUCTS: Readonly<Record<SnpLine, readonly string[]>> = {
  Milan: ["Milan"],
  Genoa: ["Genoa", "Bergamo", "Siena"],
  Turin: ["Turin"],
};
const CHIP_ID_BYTES: Readonly<Record<SnpLine, number>> = { Milan: 64, Genoa: 64, Turin: 8 };

/** Product line by a product's name without its stepping. */
const lineOf = (product: string): SnpLine | undefined =>
  SNP_LINES.find((line) => PRODUCTS[line].includes(product));

const fault = (reason: string) => fabricError("EVIDENCE_KEY_MISMATCH", { reason });

const valueOf = (certificate: Certificate, oid: string): Uint8Array | undefined =>
  certificate.extensions.get(oid)?.value;

/** A version in an extension of its own; `missing` where there is none. */
const readSpl = (certificate: Certificate, oid: string, missing: number | null): number => {
  const value = valueOf(certificate, oid);
  if (value === undefined) {
    if (missing === null) throw fault("it names no TCB version");
    return missing;
  }
  const [first = 0, second, ...rest] = derContent(value, "a TCB version", 8, DER.integer);
  const spl = second === undefined ? first : second;
  const inRange = second === undefined ? first < 0x80 : first === 0 && rest.length === 0;
  if (!inRange) throw fault("a TCB version that is not 0 to 255");
  return spl;
};

const readProduct = (certificate: Certificate): string => {
  const value = valueOf(certificate, PRODUCT_NAME);
  if (value === undefined) throw fault("it names no product");
  return String.fromCharCode(...derContent(value, "a product name", 64, DER.ia5String));
};

/** Either the raw bytes, as AMD first wrote them, or an OCTET STRING around them. */
const readHardwareId = (certificate: Certificate, bytes: number): string | null => {
  const value = valueOf(certificate, HARDWARE_ID);
  if (value === undefined) return null;
  if (value.length === bytes) return bytesToHex(value);
  const id = derContent(value, "a hardware id", 128, DER.octetString);
  if (id.length !== bytes) throw fault(`a hardware id of ${id.length} bytes`);
  return bytesToHex(id);
};

const readCloud = (certificate: Certificate): string | null => {
  const value = valueOf(certificate, CLOUD_ID);
  if (value === undefined) return null;
  const name = String.fromCharCode(...derContent(value, "a cloud's name", 128, DER.ia5String));
  return name.replaceAll(/[^\x20-\x7e]/g, "?");
};

/** Read the extensions of a verified certificate. Throws `EVIDENCE_KEY_MISMATCH`, `DER_INVALID`. */
export const readVekCertificate = (certificate: Certificate): VekCertificate => {
  const kind = KINDS.get(certificate.name);
  if (kind === undefined) throw fault(`it is of ${certificate.name.slice(0, 60)}`);
  const product = readProduct(certificate);
  const line = lineOf(product.split("-")[0] ?? "");
  if (line === undefined) throw fault(`it is of an unknown product, ${product}`);
  const hardwareId = readHardwareId(certificate, CHIP_ID_BYTES[line]);
  const cloud = readCloud(certificate);
  if (kind === "vcek" ? hardwareId === null : cloud === null)
    throw fault("it names neither its chip nor its cloud");
  const spl = (part: keyof SnpTcb, missing: number | null = null) =>
    readSpl(certificate, SPL[part], missing);
  return {
    kind,
    line,
    tcb: {
      fmc: spl("fmc", line === "Turin" ? null : 0),
      bootloader: spl("bootloader"),
      tee: spl("tee"),
      snp: spl("snp"),
      microcode: spl("microcode"),
    },
    hardwareId: kind === "vcek" ? hardwareId : null,
    cloud: kind === "vlek" ? cloud : null,
  };
};
