import { cborFault, parseStrictCbor, type CborValue } from "./strict-cbor.ts";

/**
 * The payload of a Nitro attestation document (aws-nitro-enclaves-nsm-api, docs/attestation_process.md section 3.1), with
 * that document's bounds. Nothing in it is verified yet.
 */
export interface AttestationDocument {
  /** Issuing hypervisor module: instance and enclave. */
  readonly moduleId: string;
  /** ms since epoch. */
  readonly timestamp: number;
  /** 48 bytes each, by index. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  /** DER of the key's certificate. */
  readonly certificate: Uint8Array;
  /** DER, from the root to the issuer of `certificate`. */
  readonly cabundle: readonly Uint8Array[];
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
}

const WHAT = "a Nitro attestation document";
const FIELDS: ReadonlySet<unknown> = new Set([
  "module_id",
  "digest",
  "timestamp",
  "pcrs",
  "certificate",
  "cabundle",
  "public_key",
  "user_data",
  "nonce",
]);
const MODULE_ID = /^[A-Za-z0-9._-]{1,128}$/;
const MAX_PCRS = 32;
const PCR_BYTES = 48;
const MAX_CERTIFICATE_BYTES = 1_024;
const MAX_CHAIN = 8;
/** Last moment of year 9999. */
const MAX_TIME = 253_402_300_799_999;

const fault = (reason: string) => cborFault(WHAT, reason);

const bytesOf = (value: CborValue | undefined, name: string, max: number, min = 1): Uint8Array => {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max)
    throw fault(`${name} is not ${min} to ${max} bytes`);
  return value;
};

const optionalBytes = (value: CborValue | undefined, name: string, max: number, min: number) =>
  value === undefined || value === null ? null : bytesOf(value, name, max, min);

const readPcrs = (value: CborValue | undefined): ReadonlyMap<number, Uint8Array> => {
  if (!(value instanceof Map) || value.size === 0 || value.size > MAX_PCRS)
    throw fault(`pcrs is not a map of 1 to ${MAX_PCRS}`);
  const pcrs = new Map<number, Uint8Array>();
  for (const [index, pcr] of value as ReadonlyMap<CborValue, CborValue>) {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= MAX_PCRS)
      throw fault("a PCR has no index below 32");
    // The digest is SHA384, so no PCR has another length.
    pcrs.set(index, bytesOf(pcr, `pcr${index}`, PCR_BYTES, PCR_BYTES));
  }
  for (const index of [0, 1, 2])
    if (!pcrs.has(index)) throw fault(`pcr${index} is missing, which says what runs`);
  return pcrs;
};

const readChain = (value: CborValue | undefined): readonly Uint8Array[] => {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_CHAIN)
    throw fault(`cabundle is not a list of 1 to ${MAX_CHAIN}`);
  return (value as readonly CborValue[]).map((der) =>
    bytesOf(der, "a certificate of cabundle", MAX_CERTIFICATE_BYTES),
  );
};

/** Read a payload. An unknown field is refused. Throws `EVIDENCE_MALFORMED`. */
export const parseAttestationDocument = (payload: Uint8Array): AttestationDocument => {
  const map = parseStrictCbor(payload, WHAT);
  if (!(map instanceof Map)) throw fault("it is not a map");
  const fields = map as ReadonlyMap<CborValue, CborValue>;
  for (const name of fields.keys()) if (!FIELDS.has(name)) throw fault("an unknown field");
  const moduleId = fields.get("module_id");
  const timestamp = fields.get("timestamp");
  if (typeof moduleId !== "string" || !MODULE_ID.test(moduleId)) throw fault("module_id");
  if (fields.get("digest") !== "SHA384") throw fault("digest is not SHA384");
  if (typeof timestamp !== "number" || timestamp <= 0 || timestamp > MAX_TIME)
    throw fault("timestamp");
  return {
    moduleId,
    timestamp,
    pcrs: readPcrs(fields.get("pcrs")),
    certificate: bytesOf(fields.get("certificate"), "certificate", MAX_CERTIFICATE_BYTES),
    cabundle: readChain(fields.get("cabundle")),
    publicKey: optionalBytes(fields.get("public_key"), "public_key", 1_024, 1),
    userData: optionalBytes(fields.get("user_data"), "user_data", 512, 0),
    nonce: optionalBytes(fields.get("nonce"), "nonce", 512, 0),
  };
};
