import { createByteReader, malformed, type ByteReader } from "./byte-reader.ts";
import { ENCLAVE_REPORT_LENGTH, type EnclaveReport, parseEnclaveReport } from "./enclave-report.ts";

/** The quote's signature data: attestation key, and what certifies it. */
export interface QuoteAuth {
  /** `r || s` over header and body. */
  readonly signature: Uint8Array;
  /** x and y of the attestation key. */
  readonly attestationKey: Uint8Array;
  readonly qeReport: EnclaveReport;
  /** The bytes that the platform's PCK signed. */
  readonly qeReportBytes: Uint8Array;
  readonly qeReportSignature: Uint8Array;
  readonly qeAuthData: Uint8Array;
  /** PEM: PCK certificate, its issuer, root. */
  readonly pckChain: string;
}

/** Certification data types (table "Certification Data"): a PEM chain, and a QE report that holds another type. */
const PEM_CHAIN = 5;
const QE_REPORT = 6;

const decoder = new TextDecoder();

const readPckChain = (reader: ByteReader): string => {
  const type = reader.u16();
  if (type !== PEM_CHAIN) throw malformed(`certification data of type ${type}`);
  const data = reader.bytes(reader.u32());
  // Intel's library counts the end of its C string.
  const text = data.at(-1) === 0 ? data.subarray(0, -1) : data;
  if (text.some((byte) => byte === 0 || byte >= 0x80)) throw malformed("a PEM chain's characters");
  return decoder.decode(text);
};

/** Read the signature data of a quote, all of it. Throws `QUOTE_MALFORMED`. */
export const parseQuoteAuth = (bytes: Uint8Array, version: 3 | 4 | 5): QuoteAuth => {
  const outer = createByteReader(bytes);
  const signature = outer.bytes(64);
  const attestationKey = outer.bytes(64);
  let reader = outer;
  if (version !== 3) {
    const type = outer.u16();
    if (type !== QE_REPORT) throw malformed(`certification data of type ${type}`);
    reader = createByteReader(outer.bytes(outer.u32()));
    outer.finish("the certification data");
  }
  const qeReportBytes = reader.bytes(ENCLAVE_REPORT_LENGTH);
  const qeReportSignature = reader.bytes(64);
  const qeAuthData = reader.bytes(reader.u16());
  const pckChain = readPckChain(reader);
  reader.finish("the PCK chain");
  return {
    signature,
    attestationKey,
    qeReport: parseEnclaveReport(qeReportBytes),
    qeReportBytes,
    qeReportSignature,
    qeAuthData,
    pckChain,
  };
};
