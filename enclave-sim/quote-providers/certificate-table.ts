import type { SnpCollateral } from "../../src/attestation/collateral/collateral.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";

/** Entries of the certificate table that a hypervisor hands to an SEV-SNP guest (AMD GHCB specification, section 4.1.8.1). */
const CERTIFICATES = new Set([
  // VCEK, VLEK, ASK, ARK
  "63da758de6644564adc5f4b93be8accd",
  "a8074bc2a25a483eaae639c045a0b8a1",
  "4ab7b379bbac4fe4a02f05aef327c782",
  "c0b406a4a803495297433fb6014cd0ae",
]);
const REVOCATIONS = "92f81bc358114d3d97ffd19f88dc67ea";
const ENTRY_BYTES = 24;
const MAX_ENTRIES = 16;
const MAX_CERTIFICATES = 8;
const TERMINATOR = "0".repeat(32);

/** PEM as it stands, DER as base64. */
const textOf = (bytes: Uint8Array): string => {
  const text = new TextDecoder("latin1").decode(bytes);
  return text.startsWith("-----BEGIN ") ? text : encodeBase64(bytes);
};

/** Read a table. Null where it is empty or broken: the verifier then fetches what it needs. */
export const readCertificateTable = (table: Uint8Array): SnpCollateral | null => {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const certificates: string[] = [];
  const crls: string[] = [];
  for (let index = 0; index < MAX_ENTRIES; index += 1) {
    const at = index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > table.length) return null;
    const id = bytesToHex(table.subarray(at, at + 16));
    if (id === TERMINATOR) break;
    const from = view.getUint32(at + 16, true);
    const to = from + view.getUint32(at + 20, true);
    if (to > table.length) return null;
    const text = textOf(table.slice(from, to));
    if (CERTIFICATES.has(id)) certificates.push(text);
    else if (id === REVOCATIONS) crls.push(text);
  }
  if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES) return null;
  return { certificates, crls };
};
