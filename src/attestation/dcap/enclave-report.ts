import { createByteReader } from "./byte-reader.ts";

/** Bytes of an SGX report body (Intel SGX DCAP ECDSA API, table "Enclave Report Body"). */
export const ENCLAVE_REPORT_LENGTH = 384;

/** What the CPU says about an SGX enclave: an application's or the quoting enclave's. Not verified. */
export interface EnclaveReport {
  readonly kind: "sgx";
  readonly cpuSvn: Uint8Array;
  /** Little-endian, 4 bytes. */
  readonly miscSelect: Uint8Array;
  readonly attributes: Uint8Array;
  readonly mrenclave: Uint8Array;
  readonly mrsigner: Uint8Array;
  readonly configId: Uint8Array;
  readonly isvProdId: number;
  readonly isvSvn: number;
  readonly configSvn: number;
  readonly isvExtProdId: Uint8Array;
  readonly isvFamilyId: Uint8Array;
  readonly reportData: Uint8Array;
}

/** Read a report body of exactly `ENCLAVE_REPORT_LENGTH` bytes. Throws `QUOTE_MALFORMED`. */
export const parseEnclaveReport = (bytes: Uint8Array): EnclaveReport => {
  const reader = createByteReader(bytes);
  const cpuSvn = reader.bytes(16);
  const miscSelect = reader.bytes(4);
  reader.bytes(12);
  const isvExtProdId = reader.bytes(16);
  const attributes = reader.bytes(16);
  const mrenclave = reader.bytes(32);
  reader.bytes(32);
  const mrsigner = reader.bytes(32);
  reader.bytes(32);
  const configId = reader.bytes(64);
  const isvProdId = reader.u16();
  const isvSvn = reader.u16();
  const configSvn = reader.u16();
  reader.bytes(42);
  const isvFamilyId = reader.bytes(16);
  const reportData = reader.bytes(64);
  reader.finish("an enclave report");
  return {
    kind: "sgx",
    cpuSvn,
    miscSelect,
    attributes,
    mrenclave,
    mrsigner,
    configId,
    isvProdId,
    isvSvn,
    configSvn,
    isvExtProdId,
    isvFamilyId,
    reportData,
  };
};

/** True when a debugger may read the enclave (attribute DEBUG, bit 1). */
export const isDebugEnclave = ({ attributes }: EnclaveReport): boolean =>
  ((attributes[0] ?? 0) & 0x02) !== 0;
