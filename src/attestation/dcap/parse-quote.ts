import { createByteReader, malformed, type ByteReader } from "./byte-reader.ts";
import { ENCLAVE_REPORT_LENGTH, type EnclaveReport, parseEnclaveReport } from "./enclave-report.ts";
import { parseQuoteAuth, type QuoteAuth } from "./quote-auth.ts";
import {
  parseTdReport,
  TD_REPORT_10_LENGTH,
  TD_REPORT_15_LENGTH,
  type TdReport,
} from "./td-report.ts";

/** An SGX or TDX quote as written (Intel SGX and TDX DCAP Quoting Library APIs, appendix A). Nothing is verified. */
export interface Quote {
  readonly version: 3 | 4 | 5;
  /** 16 bytes: whose quoting enclave this is. */
  readonly vendor: Uint8Array;
  readonly body: EnclaveReport | TdReport;
  /** Header and body: what the attestation key signed. */
  readonly signed: Uint8Array;
  readonly auth: QuoteAuth;
}

/** Largest quote that is read, padding included; real ones have 4 to 8 KB. */
export const MAX_QUOTE_BYTES = 65_536;
const ECDSA_P256 = 2;
const TEE_SGX = 0x00;
const TEE_TDX = 0x81;

/** Lengths of the bodies of a version 5 quote by their type. */
const BODIES: Readonly<Record<number, { readonly tee: number; readonly length: number }>> = {
  1: { tee: TEE_SGX, length: ENCLAVE_REPORT_LENGTH },
  2: { tee: TEE_TDX, length: TD_REPORT_10_LENGTH },
  3: { tee: TEE_TDX, length: TD_REPORT_15_LENGTH },
};

const readHeader = (reader: ByteReader) => {
  const version = reader.u16();
  if (version !== 3 && version !== 4 && version !== 5) throw malformed(`version ${version}`);
  const keyType = reader.u16();
  if (keyType !== ECDSA_P256) throw malformed(`attestation key type ${keyType}`);
  const tee = reader.u32();
  // In version 3 these bytes are reserved: it knows SGX only.
  if (tee !== TEE_SGX && (tee !== TEE_TDX || version === 3)) throw malformed(`TEE type ${tee}`);
  reader.bytes(4);
  const vendor = reader.bytes(16);
  reader.bytes(20);
  return { version, tee, vendor } as const;
};

const bodyLength = (reader: ByteReader, version: 3 | 4 | 5, tee: number): number => {
  if (version !== 5) return tee === TEE_SGX ? ENCLAVE_REPORT_LENGTH : TD_REPORT_10_LENGTH;
  const type = reader.u16();
  const body = Object.hasOwn(BODIES, type) ? BODIES[type] : undefined;
  if (body?.tee !== tee || reader.u32() !== body.length) throw malformed(`body type ${type}`);
  return body.length;
};

/**
 * Read a quote of version 3 (SGX), 4 (SGX, TDX 1.0) or 5 (SGX, TDX 1.0 and 1.5) with an ECDSA P-256 attestation key.
 * Every length must fit; zero padding behind it is accepted, because the guest's driver hands out whole buffers, and
 * anything else behind it is not. Throws `QUOTE_MALFORMED`.
 */
export const parseQuote = (bytes: Uint8Array): Quote => {
  if (bytes.length > MAX_QUOTE_BYTES)
    throw malformed(`it has ${bytes.length} bytes, ${MAX_QUOTE_BYTES} are read`);
  const reader = createByteReader(bytes);
  const { version, tee, vendor } = readHeader(reader);
  const raw = reader.bytes(bodyLength(reader, version, tee));
  const body = tee === TEE_SGX ? parseEnclaveReport(raw) : parseTdReport(raw);
  const signed = bytes.subarray(0, reader.position());
  const auth = parseQuoteAuth(reader.bytes(reader.u32()), version);
  if (reader.rest().some((byte) => byte !== 0)) throw malformed("trailing bytes");
  return { version, vendor, body, signed, auth };
};
