import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { readTcb, type SnpLine, type SnpTcb } from "./snp-tcb.ts";

/** Length of an ATTESTATION_REPORT (AMD 56860 "SEV Secure Nested Paging Firmware ABI", table 23). */
export const SNP_REPORT_BYTES = 1_184;
/** The signed part; the signature follows. */
export const SNP_SIGNED_BYTES = 0x2a0;

/** Fields of a report. Hex is lower case. Nothing is verified yet. */
export interface SnpReport {
  readonly version: number;
  readonly guestSvn: number;
  readonly policy: SnpGuestPolicy;
  readonly familyId: string;
  readonly imageId: string;
  readonly vmpl: number;
  /** Which key signed: 0 VCEK, 1 VLEK. */
  readonly signingKey: "vcek" | "vlek";
  readonly platformInfo: bigint;
  readonly reportData: string;
  readonly measurement: string;
  readonly hostData: string;
  readonly idKeyDigest: string;
  readonly authorKeyDigest: string;
  readonly reportId: string;
  readonly migrationAgentReportId: string;
  readonly chipId: string;
  /** CPUID family and model; null in version 2, which has none. */
  readonly cpu: { readonly family: number; readonly model: number } | null;
  /** The four TCB versions, read by the layout of a product line. */
  readonly tcb: (line: SnpLine) => SnpTcbVersions;
  readonly signed: Uint8Array;
  /** r and s, 48 bytes each, big-endian. */
  readonly signature: Uint8Array;
}

/** What the guest's owner demanded of the platform at launch (table 9). */
export interface SnpGuestPolicy {
  readonly hex: string;
  readonly debug: boolean;
  readonly migrationAgent: boolean;
}

/** TCB versions of a report, from oldest promise to newest code. */
export interface SnpTcbVersions {
  readonly reported: SnpTcb;
  readonly committed: SnpTcb;
  readonly current: SnpTcb;
  readonly launch: SnpTcb;
}

const WHAT = "an SEV-SNP attestation report";
const VERSIONS = { oldest: 2, newest: 5 };
const ECDSA_P384_SHA384 = 1;
const SIGNING_KEYS = ["vcek", "vlek"] as const;
/** Highest level that a guest has; a report that the host asked for carries 0xffffffff. */
const MAX_VMPL = 3;
/** r and s stand in 72 bytes each, little-endian; P-384 fills 48. */
const COMPONENT_BYTES = 72;
const P384_BYTES = 48;
const POLICY = { reservedOne: 1n << 17n, migrationAgent: 1n << 18n, debug: 1n << 19n, end: 26n };

const fault = (reason: string) => fabricError("EVIDENCE_MALFORMED", { what: WHAT, reason });
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

const readPolicy = (value: bigint): SnpGuestPolicy => {
  if ((value & POLICY.reservedOne) === 0n || value >> POLICY.end !== 0n)
    throw fault("a guest policy with unknown bits");
  return {
    hex: value.toString(16).padStart(16, "0"),
    debug: (value & POLICY.debug) !== 0n,
    migrationAgent: (value & POLICY.migrationAgent) !== 0n,
  };
};

const readSignature = (bytes: Uint8Array): Uint8Array => {
  const signature = new Uint8Array(2 * P384_BYTES);
  for (const [index, at] of [0, COMPONENT_BYTES].entries()) {
    const component = bytes.subarray(at, at + COMPONENT_BYTES);
    if (!isZero(component.subarray(P384_BYTES))) throw fault("a signature that is too long");
    signature.set(component.subarray(0, P384_BYTES).toReversed(), index * P384_BYTES);
  }
  // Nothing signs these bytes: without this one report would have many forms.
  if (!isZero(bytes.subarray(2 * COMPONENT_BYTES))) throw fault("bytes behind its signature");
  return signature;
};

const readSigningKey = (flags: number): SnpReport["signingKey"] => {
  const name = SIGNING_KEYS[(flags >> 2) & 7];
  if (flags >> 5 !== 0 || name === undefined) throw fault("it says that no chip key signed it");
  return name;
};

/** Read a report of version 2 to 5. Throws `EVIDENCE_MALFORMED`. */
export const parseSnpReport = (bytes: Uint8Array): SnpReport => {
  if (bytes.length !== SNP_REPORT_BYTES)
    throw fault(`it has ${bytes.length} bytes and not ${SNP_REPORT_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number) => view.getUint32(at, true);
  const hex = (at: number, length: number) => bytesToHex(bytes.subarray(at, at + length));
  const version = u32(0);
  if (version < VERSIONS.oldest || version > VERSIONS.newest) throw fault(`version ${version}`);
  if (u32(0x34) !== ECDSA_P384_SHA384) throw fault(`signature algorithm ${u32(0x34)}`);
  const vmpl = u32(0x30);
  if (vmpl > MAX_VMPL) throw fault("no guest asked for it: its privilege level is the host's");
  if (u32(0x4c) !== 0) throw fault("reserved bytes that are set");
  const tcbAt = (at: number, line: SnpLine) => readTcb(bytes.subarray(at, at + 8), line);
  return {
    version,
    guestSvn: u32(0x04),
    policy: readPolicy(view.getBigUint64(0x08, true)),
    familyId: hex(0x10, 16),
    imageId: hex(0x20, 16),
    vmpl,
    signingKey: readSigningKey(u32(0x48)),
    platformInfo: view.getBigUint64(0x40, true),
    reportData: hex(0x50, 64),
    measurement: hex(0x90, 48),
    hostData: hex(0xc0, 32),
    idKeyDigest: hex(0xe0, 48),
    authorKeyDigest: hex(0x110, 48),
    reportId: hex(0x140, 32),
    migrationAgentReportId: hex(0x160, 32),
    chipId: hex(0x1a0, 64),
    cpu: version === 2 ? null : { family: bytes[0x188] ?? 0, model: bytes[0x189] ?? 0 },
    tcb: (line) => ({
      reported: tcbAt(0x180, line),
      committed: tcbAt(0x1e0, line),
      current: tcbAt(0x38, line),
      launch: tcbAt(0x1f0, line),
    }),
    signed: bytes.subarray(0, SNP_SIGNED_BYTES),
    signature: readSignature(bytes.subarray(SNP_SIGNED_BYTES)),
  };
};
