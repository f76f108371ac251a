import { issuingKey } from "../../enclave-sim/platform/platform-keys.ts";
import { qeIdentityOf } from "../../enclave-sim/platform/quoting-enclave.ts";
import { writeSgxReport, writeTdReport } from "../../enclave-sim/platform/report-body.ts";
import { sgxExtension } from "../../enclave-sim/platform/sgx-extension.ts";
import {
  type CertificateRequest,
  certificatesToPem,
  type RevocationRequest,
  spkiOf,
  writeCertificate,
  writeRevocationList,
} from "../../enclave-sim/platform/write-certificate.ts";
import type { DcapCollateral } from "../../src/attestation/collateral/collateral.ts";
import { SIMULATED_VENDOR } from "../../src/attestation/simulated-vendor.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { bytesToHex, concatBytes, hexToBytes } from "../../src/crypto/bytes.ts";
import { sha256 } from "../../src/crypto/hashes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";

/** When everything of the world is valid, in ms since epoch. */
export const WORLD_TIME = Date.UTC(2026, 0, 15);
const DAY = 86_400_000;
const SEED = new Uint8Array(32).fill(7);
const encoder = new TextEncoder();
/** Security versions of the platform: components of the PCK certificate, and of a TD. */
export const WORLD_SVNS = Uint8Array.from([5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

type Link = "root" | "ca" | "pck" | "signing";
const keys: Readonly<Record<Link | "attestation", SigningKey>> = {
  root: issuingKey(SEED, "root"),
  ca: issuingKey(SEED, "ca"),
  pck: issuingKey(SEED, "pck"),
  signing: issuingKey(SEED, "signing"),
  attestation: issuingKey(SEED, "attestation"),
};
const ISSUERS: Readonly<Record<Link, "root" | "ca">> = {
  root: "root",
  ca: "root",
  signing: "root",
  pck: "ca",
};
const PATH_LENGTHS: Readonly<Record<Link, number | null>> = {
  root: 1,
  ca: 0,
  pck: null,
  signing: null,
};

/** Keys of the world, for tests that sign what its owners never would. */
export const worldKeys = keys;

/** DER of one of the world's certificates; `change` overrides what it says, `signer` who signs. */
export const worldCertificate = (
  link: Link,
  change: Partial<CertificateRequest> = {},
  signer: SigningKey = keys[ISSUERS[link]],
): Uint8Array =>
  writeCertificate(
    {
      subject: link,
      issuer: ISSUERS[link],
      publicKey: spkiOf(keys[link]),
      issuerPublicKey: spkiOf(signer),
      serial: sha256(encoder.encode(link)).subarray(0, 16).with(0, 1),
      notBefore: WORLD_TIME - 100 * DAY,
      notAfter: WORLD_TIME + 1_000 * DAY,
      pathLength: PATH_LENGTHS[link],
      crlUrl: "https://no-hardware-root.invalid/crl",
      ...(link === "pck" ? { extensions: [worldExtension()] } : {}),
      ...change,
    },
    signer,
  );

/** The SGX extension of the world's PCK certificate. */
export const worldExtension = (cpuSvn: Uint8Array = WORLD_SVNS, fmspc = "53494d000000") =>
  sgxExtension({
    cpuSvn,
    pceSvn: 3,
    fmspc: hexToBytes(fmspc),
    ppid: new Uint8Array(16),
    platformInstanceId: new Uint8Array(16),
  });

/** DER of a list of the world's root or CA. */
export const worldCrl = (
  issuer: "root" | "ca",
  change: Partial<RevocationRequest> = {},
  signer: SigningKey = keys[issuer],
): Uint8Array =>
  writeRevocationList(
    {
      issuer,
      issuerPublicKey: spkiOf(signer),
      number: 7,
      thisUpdate: WORLD_TIME - DAY,
      nextUpdate: WORLD_TIME + 30 * DAY,
      revoked: [],
      ...change,
    },
    signer,
  );

/** The world's root; `simulated` unless a test says otherwise. */
export const worldAnchor = (simulated = true): TrustAnchor => ({
  vendor: "intel",
  name: "world",
  certificate: worldCertificate("root"),
  simulated,
});

const svns = (...values: readonly number[]) =>
  Array.from({ length: 16 }, (_, i) => ({ svn: values[i] ?? 0 }));
const module = {
  mrsigner: "0".repeat(96),
  attributes: "0".repeat(16),
  attributesMask: "F".repeat(16),
};
const frame = {
  issueDate: "2026-01-10T00:00:00Z",
  nextUpdate: "2026-02-10T00:00:00Z",
  tcbEvaluationDataNumber: 12,
};
const identityLevel = (isvsvn: number, tcbStatus: string, advisoryIDs: readonly string[] = []) => ({
  tcb: { isvsvn },
  tcbDate: "2025-01-01T00:00:00Z",
  tcbStatus,
  advisoryIDs,
});

/** One level of TCB info; SVNs that are left out are zero. */
export const worldLevel = (
  sgx: readonly number[],
  tdx: readonly number[],
  tcbStatus: string,
  advisoryIDs: readonly string[] = [],
) => ({
  tcb: { sgxtcbcomponents: svns(...sgx), pcesvn: 3, tdxtcbcomponents: svns(...tdx) },
  tcbDate: "2025-01-01T00:00:00Z",
  tcbStatus,
  advisoryIDs,
});

/** TCB info of the world before it is signed: what tests change. */
export const worldTcbInfo = (tee: "sgx" | "tdx") => ({
  id: tee === "tdx" ? "TDX" : "SGX",
  version: 3,
  ...frame,
  fmspc: "53494D000000",
  pceId: "0000",
  tcbType: 0,
  tdxModule: module,
  tdxModuleIdentities: [
    {
      id: "TDX_01",
      ...module,
      tcbLevels: [
        identityLevel(5, "UpToDate"),
        identityLevel(3, "OutOfDate", ["SIM-SA-00003"]),
        identityLevel(1, "Revoked"),
      ],
    },
  ],
  tcbLevels: [
    worldLevel([5, 5, 5], [5, 0, 5], "UpToDate"),
    worldLevel([3, 3, 3], [5, 0, 3], "SWHardeningNeeded", ["SIM-SA-00002"]),
    worldLevel([1, 1, 1], [1, 0, 1], "OutOfDate", ["SIM-SA-00001"]),
  ],
});
/** @see worldTcbInfo */
export type WorldTcbInfo = ReturnType<typeof worldTcbInfo>;

/** Identity of the world's quoting enclave before it is signed. */
export const worldIdentity = (tee: "sgx" | "tdx") => ({
  id: tee === "tdx" ? "TD_QE" : "QE",
  version: 2,
  ...frame,
  ...qeIdentityOf(tee),
  tcbLevels: [identityLevel(4, "UpToDate"), identityLevel(2, "OutOfDate", ["SIM-SA-00004"])],
});
/** @see worldIdentity */
export type WorldIdentity = ReturnType<typeof worldIdentity>;

/** What a test changes; functions change bytes in place, or answer other data, before it is signed. */
export interface WorldChange {
  readonly tee?: "sgx" | "tdx";
  /** Of a TD: 4 has TDX 1.0, 5 has 1.5. */
  readonly version?: 4 | 5;
  readonly header?: (bytes: Uint8Array) => void;
  readonly body?: (bytes: Uint8Array) => void;
  readonly qeReport?: (bytes: Uint8Array) => void;
  readonly tcbInfo?: (info: WorldTcbInfo) => object;
  readonly identity?: (identity: WorldIdentity) => object;
  readonly pckChain?: string;
  readonly signingKey?: SigningKey;
  /** The key that is said to be the platform's. */
  readonly pckKey?: SigningKey;
  readonly collateral?: Partial<DcapCollateral>;
}

const numberOf = (length: 2 | 4, value: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (value >>> (8 * i)) & 0xff);

const changed = (bytes: Uint8Array, change: ((bytes: Uint8Array) => void) | undefined) => {
  change?.(bytes);
  return bytes;
};

const pem = (...links: readonly Link[]): string =>
  certificatesToPem(...links.map((link) => worldCertificate(link)));

/** The quoting enclave's MRSIGNER as its identity says it. */
const qeSigner = hexToBytes(qeIdentityOf("sgx").mrsigner);

const writeBody = (tee: "sgx" | "tdx", version: 4 | 5): Uint8Array => {
  const reportData = new Uint8Array(64).fill(9);
  if (tee === "sgx")
    return writeSgxReport({
      cpuSvn: WORLD_SVNS,
      debug: false,
      mrenclave: new Uint8Array(32).fill(1),
      mrsigner: new Uint8Array(32).fill(2),
      configId: new Uint8Array(64).fill(3),
      prodId: 10,
      svn: 11,
      reportData,
    });
  const td = writeTdReport({
    teeTcbSvn: WORLD_SVNS.with(1, 1),
    debug: false,
    mrConfigId: new Uint8Array(48).fill(3),
    rtmr3: new Uint8Array(48).fill(4),
    reportData,
  });
  // TDX 1.5: the SVNs of the module that runs now, and no service TD.
  return version === 4 ? td : concatBytes(td, WORLD_SVNS.with(1, 1), new Uint8Array(48));
};

const writeQuote = (change: WorldChange): Uint8Array => {
  const { tee = "sgx", version = 4, pckChain = pem("pck", "ca", "root") } = change;
  const isTd = tee === "tdx";
  const header = changed(
    concatBytes(
      numberOf(2, isTd ? version : 3),
      numberOf(2, 2),
      numberOf(4, isTd ? 0x81 : 0),
      new Uint8Array(4),
      encoder.encode(SIMULATED_VENDOR),
      new Uint8Array(20),
    ),
    change.header,
  );
  const body = changed(writeBody(tee, version), change.body);
  const descriptor =
    isTd && version === 5 ? [numberOf(2, 3), numberOf(4, body.length)] : [new Uint8Array()];
  const signed = concatBytes(header, ...descriptor, body);
  const point = spkiOf(keys.attestation).subarray(27);
  const authData = new Uint8Array(32).fill(6);
  const bound = new Uint8Array(64);
  bound.set(sha256(concatBytes(point, authData)));
  const qeReport = changed(
    writeSgxReport({
      cpuSvn: WORLD_SVNS,
      debug: false,
      provisioning: true,
      mrenclave: new Uint8Array(32).fill(8),
      mrsigner: qeSigner,
      configId: new Uint8Array(64),
      prodId: isTd ? 2 : 1,
      svn: 4,
      reportData: bound,
    }),
    change.qeReport,
  );
  const chain = encoder.encode(pckChain);
  const certified = concatBytes(
    qeReport,
    (change.pckKey ?? keys.pck).sign(qeReport),
    numberOf(2, authData.length),
    authData,
    numberOf(2, 5),
    numberOf(4, chain.length),
    chain,
  );
  const auth = concatBytes(
    keys.attestation.sign(signed),
    point,
    ...(isTd ? [numberOf(2, 6), numberOf(4, certified.length)] : []),
    certified,
  );
  return concatBytes(signed, numberOf(4, auth.length), auth);
};

/**
 * A quote and collateral of a small PKI whose keys the test holds, everything in order but for the change. Judge it at
 * `WORLD_TIME` under `worldAnchor()`.
 */
export const worldEvidence = (
  change: WorldChange = {},
): { readonly quote: Uint8Array; readonly collateral: DcapCollateral } => {
  const { tee = "sgx", signingKey = keys.signing } = change;
  const info = JSON.stringify((change.tcbInfo ?? ((data) => data))(worldTcbInfo(tee)));
  const identity = JSON.stringify((change.identity ?? ((data) => data))(worldIdentity(tee)));
  const signingChain = pem("signing", "root");
  return {
    quote: writeQuote(change),
    collateral: {
      pck_crl_issuer_chain: pem("ca", "root"),
      root_ca_crl: bytesToHex(worldCrl("root")),
      pck_crl: bytesToHex(worldCrl("ca")),
      tcb_info_issuer_chain: signingChain,
      tcb_info: info,
      tcb_info_signature: bytesToHex(signingKey.sign(encoder.encode(info))),
      qe_identity_issuer_chain: signingChain,
      qe_identity: identity,
      qe_identity_signature: bytesToHex(signingKey.sign(encoder.encode(identity))),
      ...change.collateral,
    },
  };
};
