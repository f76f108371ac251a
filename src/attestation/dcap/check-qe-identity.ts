import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual, bytesToHex, hexToBytes } from "../../crypto/bytes.ts";
import type { EnclaveReport } from "./enclave-report.ts";
import type { IdentityLevel, QeIdentity } from "./tcb-info.ts";

const refuse = (reason: string): never => {
  throw fabricError("QE_REFUSED", { reason });
};

const masked = (value: Uint8Array, mask: string): Uint8Array => {
  const bits = hexToBytes(mask);
  return value.map((byte, i) => byte & (bits[i] ?? 0));
};

/**
 * Hold a quoting enclave's report against its identity (QVL 4.1.2.9); the answer is the level of its SVN.
 * Throws `QE_REFUSED`, `TCB_LEVEL_UNKNOWN`.
 */
export const checkQeIdentity = (identity: QeIdentity, report: EnclaveReport): IdentityLevel => {
  // MISCSELECT is a number: its hex is written with the highest byte first, the report has the lowest first.
  const miscSelect = masked(report.miscSelect.toReversed(), identity.miscselectMask);
  if (!bytesEqual(miscSelect, hexToBytes(identity.miscselect))) refuse("another MISCSELECT");
  const attributes = masked(report.attributes, identity.attributesMask);
  if (!bytesEqual(attributes, hexToBytes(identity.attributes))) refuse("other attributes");
  if (bytesToHex(report.mrsigner) !== identity.mrsigner) refuse("another signer");
  if (report.isvProdId !== identity.isvprodid) refuse("another product");
  const level = identity.tcbLevels.find(({ tcb }) => report.isvSvn >= tcb.isvsvn);
  if (level === undefined) throw fabricError("TCB_LEVEL_UNKNOWN", { of: "the quoting enclave" });
  return level;
};
