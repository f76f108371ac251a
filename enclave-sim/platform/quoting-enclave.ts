import { SIMULATED_VENDOR } from "../../src/attestation/simulated-vendor.ts";
import { bytesToHex, concatBytes } from "../../src/crypto/bytes.ts";
import { sha256 } from "../../src/crypto/hashes.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { writeSgxReport } from "./report-body.ts";
import type { SimulatedTee } from "./tcb-encoding.ts";
import { spkiOf } from "./write-certificate.ts";

// Byte for byte what Intel's DCAP emits: "ECDSA Quote Library API" (SGX quote 3) and "TDX DCAP Quoting Library API"
// (quote 4), appendix A.

const encoder = new TextEncoder();
const ECDSA_P256 = 2;
const PCK_CHAIN = 5;
const QE_REPORT_CERTIFICATION = 6;
const TEE_TYPE_TDX = 0x81;
const QE_SVN = 1;
const SPKI_HEAD = 26;
const AUTHENTICATION_DATA = Uint8Array.from({ length: 32 }, (_, index) => index);
const SIGNER = sha256(encoder.encode("SIMULATED QUOTING ENCLAVE SIGNER - NO HARDWARE ROOT"));
const PRODUCT: Readonly<Record<SimulatedTee, number>> = { sgx: 1, tdx: 2 };

/** What the QE identity says about the quoting enclave. */
export const qeIdentityOf = (tee: SimulatedTee) => ({
  miscselect: "00000000",
  miscselectMask: "FFFFFFFF",
  attributes: "11000000000000000000000000000000",
  attributesMask: "FBFFFFFFFFFFFFFF0000000000000000",
  mrsigner: bytesToHex(SIGNER).toUpperCase(),
  isvprodid: PRODUCT[tee],
  tcbLevels: [{ tcb: { isvsvn: QE_SVN }, tcbDate: "2025-01-21T00:00:00Z", tcbStatus: "UpToDate" }],
});

const numberOf = (bytes: 2 | 4, value: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 2) view.setUint16(0, value, true);
  else view.setUint32(0, value, true);
  return new Uint8Array(view.buffer);
};

const headerOf = (tee: SimulatedTee, pceSvn: number): Uint8Array =>
  concatBytes(
    numberOf(2, tee === "tdx" ? 4 : 3),
    numberOf(2, ECDSA_P256),
    numberOf(4, tee === "tdx" ? TEE_TYPE_TDX : 0),
    numberOf(2, tee === "tdx" ? 0 : QE_SVN),
    numberOf(2, tee === "tdx" ? 0 : pceSvn),
    encoder.encode(SIMULATED_VENDOR),
    new Uint8Array(20),
  );

const certification = (type: number, data: Uint8Array): Uint8Array =>
  concatBytes(numberOf(2, type), numberOf(4, data.length), data);

/** Signs reports: an attestation key, and a report of the quoting enclave over it that the PCK key signed. */
export interface QuotingEnclave {
  /** `pckChain` is PEM, leaf first. */
  quote(tee: SimulatedTee, report: Uint8Array, pckChain: string): Uint8Array;
}

/** The quoting enclave of a platform. Its own report never changes and is signed once per kind. */
export const createQuotingEnclave = (parts: {
  readonly attestationKey: SigningKey;
  readonly pckKey: SigningKey;
  readonly cpuSvn: Uint8Array;
  readonly pceSvn: number;
}): QuotingEnclave => {
  const { attestationKey, pckKey, cpuSvn, pceSvn } = parts;
  const point = spkiOf(attestationKey).subarray(SPKI_HEAD + 1);
  const certify = (tee: SimulatedTee): Uint8Array => {
    const reportData = new Uint8Array(64);
    reportData.set(sha256(concatBytes(point, AUTHENTICATION_DATA)));
    const report = writeSgxReport({
      cpuSvn,
      debug: false,
      provisioning: true,
      mrenclave: sha256(encoder.encode(`SIMULATED QUOTING ENCLAVE ${tee} - NO HARDWARE ROOT`)),
      mrsigner: SIGNER,
      configId: new Uint8Array(0),
      prodId: PRODUCT[tee],
      svn: QE_SVN,
      reportData,
    });
    return concatBytes(
      report,
      pckKey.sign(report),
      numberOf(2, AUTHENTICATION_DATA.length),
      AUTHENTICATION_DATA,
    );
  };
  const certified = new Map<SimulatedTee, Uint8Array>();
  const certifiedFor = (tee: SimulatedTee): Uint8Array => {
    const known = certified.get(tee) ?? certify(tee);
    certified.set(tee, known);
    return known;
  };
  return {
    quote: (tee, report, pckChain) => {
      const signed = concatBytes(headerOf(tee, pceSvn), report);
      const chain = certification(PCK_CHAIN, encoder.encode(pckChain));
      const certifiedKey = concatBytes(certifiedFor(tee), chain);
      const signature = concatBytes(
        attestationKey.sign(signed),
        point,
        tee === "tdx" ? certification(QE_REPORT_CERTIFICATION, certifiedKey) : certifiedKey,
      );
      return concatBytes(signed, numberOf(4, signature.length), signature);
    },
  };
};
