import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import type { Certificate } from "../x509/certificate.ts";
import { derContent, openDer } from "../x509/check-der.ts";
import { createDerReader, DER, derFault, type DerReader } from "../x509/der-reader.ts";
import { oidText, readSmallInteger } from "../x509/der-values.ts";

/** Object identifier of the SGX extension of a PCK certificate (Intel SGX PCK Certificate and CRL Profile, 1.3.5). */
export const SGX_EXTENSION = "1.2.840.113741.1.13.1";

/** What Intel certified about the platform. */
export interface PckExtension {
  /** 16 SVNs. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  /** 2 bytes in lower-case hex. */
  readonly pceId: string;
  /** Family-model-stepping-platform: 6 bytes in lower-case hex. */
  readonly fmspc: string;
}

const WHAT = "the SGX extension";
const MAX_BYTES = 2_048;
const COMPONENTS = 16;

/** Members of a list of `{ identifier, value }`, each once; the value as it is written. */
const readMembers = (list: DerReader): ReadonlyMap<string, Uint8Array> => {
  const members = new Map<string, Uint8Array>();
  while (!list.done()) {
    const pair = list.enter(DER.sequence);
    const oid = oidText(pair.read(DER.oid));
    const value = pair.any().raw;
    pair.finish();
    if (members.has(oid)) throw derFault(WHAT, `${oid.slice(0, 60)} twice`);
    members.set(oid, value);
  }
  return members;
};

const memberOf = (members: ReadonlyMap<string, Uint8Array>, oid: string): Uint8Array => {
  const value = members.get(`${SGX_EXTENSION}.${oid}`);
  if (value === undefined) throw derFault(WHAT, `no member ${oid}`);
  return value;
};

const octets = (members: ReadonlyMap<string, Uint8Array>, oid: string, length: number): string => {
  const content = derContent(memberOf(members, oid), WHAT, MAX_BYTES, DER.octetString);
  if (content.length !== length) throw derFault(WHAT, `member ${oid} of ${content.length} bytes`);
  return bytesToHex(content);
};

const svn = (members: ReadonlyMap<string, Uint8Array>, oid: string, max: number): number => {
  const value = readSmallInteger(createDerReader(memberOf(members, oid), WHAT), WHAT);
  if (value > max) throw derFault(WHAT, `member ${oid} of ${value}`);
  return value;
};

const read = (value: Uint8Array): PckExtension => {
  const members = readMembers(openDer(value, WHAT, MAX_BYTES));
  const tcb = readMembers(openDer(memberOf(members, "2"), WHAT, MAX_BYTES));
  return {
    components: Array.from({ length: COMPONENTS }, (_, i) => svn(tcb, `2.${i + 1}`, 0xff)),
    pceSvn: svn(tcb, "2.17", 0xffff),
    pceId: octets(members, "3", 2),
    fmspc: octets(members, "4", 6),
  };
};

/** Read the SGX extension of a PCK certificate. Throws `CERTIFICATE_INVALID` where it is missing or malformed. */
export const readPckExtension = (certificate: Certificate): PckExtension => {
  const extension = certificate.extensions.get(SGX_EXTENSION);
  if (!extension)
    throw fabricError("CERTIFICATE_INVALID", { reason: "a PCK certificate without SGX extension" });
  try {
    return read(extension.value);
  } catch (error) {
    if (!isFabricError(error, "DER_INVALID")) throw error;
    throw fabricError("CERTIFICATE_INVALID", { reason: error.message }, { cause: error });
  }
};
