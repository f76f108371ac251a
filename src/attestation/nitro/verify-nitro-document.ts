import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import type { EvidenceClaims } from "../evidence-claims.ts";
import type { TrustAnchors } from "../trust-anchors.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { verifyChain } from "../x509/verify-chain.ts";
import { verifyRawEcdsa } from "../x509/verify-signature.ts";
import { parseAttestationDocument, type AttestationDocument } from "./attestation-document.ts";
import { parseCoseSign1 } from "./cose-sign1.ts";

/** A document that holds, with what only Nitro has. */
export interface NitroEvidence {
  readonly claims: EvidenceClaims;
  /** Name of the anchor that its chain ended in. */
  readonly anchor: string;
  /** The hypervisor's time of issue, ms since epoch. */
  readonly issuedAt: number;
  /** Hex; null where the guest gave none. */
  readonly nonce: string | null;
  readonly publicKey: string | null;
}

const WHAT = "a Nitro attestation document";
/** How far the hypervisor's clock may be ahead of the verifier's, ms. */
const CLOCK_SKEW_MS = 300_000;
const REPORT_DATA_HEX = 128;
/** Registers that say what runs: image, kernel and boot, application. */
const CODE_PCRS = [0, 1, 2];
/** Certificate that signed the image. */
const SIGNER_PCR = 8;

const isZero = (hex: string): boolean => /^0*$/.test(hex);

const registersOf = (document: AttestationDocument): Readonly<Record<string, string>> => {
  const registers: Record<string, string> = {};
  for (const [index, value] of document.pcrs) registers[`pcr${index}`] = bytesToHex(value);
  return registers;
};

/** Order and times of the document's own words: it cannot be older than its key's certificate or of tomorrow. */
const checkTimestamp = (
  timestamp: number,
  certificate: { readonly notBefore: number; readonly notAfter: number },
  at: number,
): void => {
  const { notBefore, notAfter } = certificate;
  // Certificates count in seconds.
  if (timestamp < notBefore || timestamp > notAfter + 999 || timestamp > at + CLOCK_SKEW_MS)
    throw fabricError("EVIDENCE_EXPIRED", { notBefore: timestamp, notAfter, at });
};

const hexOrNull = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : bytesToHex(bytes);

/**
 * Verify an AWS Nitro attestation document at a time (ms since epoch): COSE signature, chain from the key's certificate
 * to an AWS anchor, times. AWS publishes no revocation lists for these certificates, which live for hours, so none is
 * asked for. A document whose PCR0, PCR1 or PCR2 is all zeros comes from an enclave in debug mode.
 * Throws `EVIDENCE_MALFORMED`, `EVIDENCE_SIGNATURE_WRONG`, `EVIDENCE_EXPIRED`, `CERTIFICATE_*`.
 * Source: aws-nitro-enclaves-nsm-api, docs/attestation_process.md sections 3.1 and 3.2.
 * @example
 * ```ts
 * const { claims } = verifyNitroDocument(bytes, { anchors: hardwareAnchors, at: Date.now() });
 * if (claims.debug) refuse();
 * ```
 */
export const verifyNitroDocument = (
  bytes: Uint8Array,
  { anchors, at }: { readonly anchors: TrustAnchors; readonly at: number },
): NitroEvidence => {
  const { payload, signed, signature } = parseCoseSign1(bytes);
  const document = parseAttestationDocument(payload);
  const leaf = parseCertificate(document.certificate);
  const chain = verifyChain([leaf, ...document.cabundle.map(parseCertificate).toReversed()], {
    anchors: anchors.filter(({ vendor }) => vendor === "aws"),
    at,
    crls: "none",
  });
  const { publicKey } = leaf;
  if (publicKey.kind !== "ec" || publicKey.curve !== "p384")
    throw fabricError("EVIDENCE_MALFORMED", { what: WHAT, reason: "its key is not on P-384" });
  if (!verifyRawEcdsa(publicKey, "sha384", signed, signature))
    throw fabricError("EVIDENCE_SIGNATURE_WRONG", { what: WHAT });
  checkTimestamp(document.timestamp, leaf, at);
  const registers = registersOf(document);
  const signer = registers[`pcr${SIGNER_PCR}`] ?? "";
  return {
    claims: {
      tee: "nitro",
      simulated: chain.anchor.simulated,
      evidenceId: digestOf(signed),
      debug: CODE_PCRS.some((index) => isZero(registers[`pcr${index}`] ?? "")),
      tcb: { status: null, advisories: [], evaluationNumber: null },
      measurement: registers["pcr0"] ?? "",
      registers,
      signer: isZero(signer) ? null : signer,
      prodId: null,
      svn: null,
      configId: null,
      reportData: (hexOrNull(document.userData) ?? "").padEnd(REPORT_DATA_HEX, "0"),
      platform: document.moduleId,
      validFrom: chain.validFrom,
      validUntil: chain.validUntil,
    },
    anchor: chain.anchor.name,
    issuedAt: document.timestamp,
    nonce: hexOrNull(document.nonce),
    publicKey: hexOrNull(document.publicKey),
  };
};
