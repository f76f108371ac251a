import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import type { SnpCollateral } from "../collateral/collateral.ts";
import { readDerText } from "../collateral/der-text.ts";
import type { EvidenceClaims } from "../evidence-claims.ts";
import type { TrustAnchor, TrustAnchors } from "../trust-anchors.ts";
import { parseCertificate, type Certificate } from "../x509/certificate.ts";
import { type Crl, parseCrl } from "../x509/crl.ts";
import { verifyChain, type VerifiedChain } from "../x509/verify-chain.ts";
import { verifyCrl } from "../x509/verify-crl.ts";
import { verifyRawEcdsa } from "../x509/verify-signature.ts";
import { parseSnpReport, type SnpReport, type SnpTcbVersions } from "./snp-report.ts";
import {
  isOfLine,
  SNP_TCB_PARTS,
  type SnpLine,
  type SnpTcb,
  tcbAtLeast,
  tcbText,
} from "./snp-tcb.ts";
import { readVekCertificate, type VekCertificate } from "./vek-certificate.ts";

/** What a report is judged by. */
export interface SnpOptions {
  readonly anchors: TrustAnchors;
  readonly collateral: SnpCollateral;
  /** ms since epoch. */
  readonly at: number;
  /** Take a chain whose revocation cannot be looked up because no list was given; a wrong or old list is refused still. */
  readonly allowMissingRevocation?: boolean;
}

/** A report that holds, with what only SEV-SNP has. */
export interface SnpEvidence {
  readonly claims: EvidenceClaims;
  /** Name of the anchor that its chain ended in. */
  readonly anchor: string;
  readonly line: SnpLine;
  readonly key: VekCertificate["kind"];
  readonly tcb: SnpTcbVersions;
  readonly vmpl: number;
  /** A migration agent may move the guest, and with it everything that is measured here. */
  readonly migrationAgent: boolean;
  /** False only with `allowMissingRevocation`. */
  readonly revocationChecked: boolean;
}

const CERTIFICATES = "certificates";
const WHAT = "an SEV-SNP attestation report";

const fault = (reason: string) => fabricError("EVIDENCE_MALFORMED", { what: WHAT, reason });
const isZeroHex = (hex: string): boolean => /^0*$/.test(hex);
const mismatch = (reason: string) => fabricError("EVIDENCE_KEY_MISMATCH", { reason });

/** The chip's key and who issued it; the root comes from the anchors, and what else was sent is not looked at. */
const pickChain = (collateral: SnpCollateral): readonly [Certificate, Certificate] => {
  const certificates = collateral.certificates
    .flatMap((text) => readDerText(text, CERTIFICATES))
    .map(parseCertificate);
  const [leaf, ...more] = certificates.filter(({ isCa }) => !isCa);
  const issuer = certificates.find(
    ({ isCa, subject }) => isCa && leaf !== undefined && bytesEqual(subject, leaf.issuer),
  );
  if (leaf === undefined || more.length > 0)
    throw fabricError("COLLATERAL_INVALID", { part: CERTIFICATES, reason: "not one VCEK or VLEK" });
  if (issuer === undefined)
    throw fabricError("COLLATERAL_INVALID", {
      part: CERTIFICATES,
      reason: "no ASK or ASVK that issued the VCEK or VLEK",
    });
  return [leaf, issuer];
};

/**
 * AMD's roots list the ASKs and ASVKs that they revoked; those publish nothing about VCEKs and VLEKs, which are voided by
 * raising the least TCB (AMD 57230, section 3.3). So the list of the root is what can be asked for, and is.
 */
const checkRevocation = (chain: VerifiedChain, options: SnpOptions): readonly Crl[] => {
  const [, issuer, root] = chain.path;
  if (issuer === undefined || root === undefined || chain.path.length !== 3)
    throw mismatch("its chain is not VCEK or VLEK, ASK or ASVK, ARK");
  const lists = options.collateral.crls.flatMap((text) => readDerText(text, "crls")).map(parseCrl);
  const own = lists.filter((crl) => bytesEqual(crl.issuer, root.subject));
  if (own.length === 0 && options.allowMissingRevocation !== true)
    throw fabricError("CRL_MISSING", { certificate: issuer.name, issuer: root.name });
  for (const crl of own) {
    verifyCrl(crl, root, options.at);
    if (crl.revoked.has(issuer.serial))
      throw fabricError("CERTIFICATE_REVOKED", { certificate: issuer.name, serial: issuer.serial });
  }
  return own;
};

const checkKey = (report: SnpReport, vek: VekCertificate, reported: SnpTcb): void => {
  if (report.signingKey !== vek.kind)
    throw mismatch(
      `a ${report.signingKey} signed the report and the certificate is of a ${vek.kind}`,
    );
  if (!SNP_TCB_PARTS.every((part) => vek.tcb[part] === reported[part]))
    throw mismatch(`it is for TCB ${tcbText(vek.tcb)}, the report says ${tcbText(reported)}`);
  const { hardwareId } = vek;
  // The bytes behind a short id are zeros.
  if (hardwareId !== null && report.chipId !== hardwareId.padEnd(report.chipId.length, "0"))
    throw mismatch("it is of another chip");
  if (hardwareId !== null && isZeroHex(hardwareId)) throw mismatch("it names no chip");
  if (report.cpu !== null && !isOfLine(report.cpu, vek.line))
    throw mismatch(`the report is not of a ${vek.line} processor`);
};

/** What is promised cannot be above what may still be rolled back to, nor that above what runs (AMD 56860, section 3). */
const checkTcbOrder = ({ reported, committed, current, launch }: SnpTcbVersions): void => {
  if (!tcbAtLeast(committed, reported))
    throw fault(`reported TCB ${tcbText(reported)} is above committed ${tcbText(committed)}`);
  if (!tcbAtLeast(current, committed) || !tcbAtLeast(current, launch))
    throw fault(`committed or launch TCB is above current ${tcbText(current)}`);
};

const claimsOf = (
  report: SnpReport,
  vek: VekCertificate,
  chain: VerifiedChain<TrustAnchor>,
  crls: readonly Crl[],
): EvidenceClaims => ({
  tee: "sev-snp",
  simulated: chain.anchor.simulated,
  evidenceId: digestOf(report.signed),
  debug: report.policy.debug,
  tcb: { status: null, advisories: [], evaluationNumber: null },
  measurement: report.measurement,
  registers: {
    measurement: report.measurement,
    hostdata: report.hostData,
    "id-key-digest": report.idKeyDigest,
    "author-key-digest": report.authorKeyDigest,
    "family-id": report.familyId,
    "image-id": report.imageId,
    "report-id": report.reportId,
    policy: report.policy.hex,
    vmpl: report.vmpl.toString(16).padStart(2, "0"),
  },
  signer: isZeroHex(report.idKeyDigest) ? null : report.idKeyDigest,
  prodId: null,
  svn: report.guestSvn,
  configId: report.hostData,
  reportData: report.reportData,
  platform: isZeroHex(report.chipId) ? `${vek.kind}:${vek.cloud ?? ""}` : report.chipId,
  validFrom: Math.max(chain.validFrom, ...crls.map(({ thisUpdate }) => thisUpdate)),
  validUntil: Math.min(chain.validUntil, ...crls.map(({ nextUpdate }) => nextUpdate)),
});

/**
 * Verify an AMD SEV-SNP attestation report at a time (ms since epoch): signature by the chip's or cloud's key, that key's
 * certificate for exactly this chip and these TCB versions, its chain to an AMD anchor with the root's current list of
 * revocations, and the order of the TCB versions. A guest that allows debugging is authentic: `claims.debug` says it.
 * Throws `EVIDENCE_MALFORMED`, `EVIDENCE_SIGNATURE_WRONG`, `EVIDENCE_KEY_MISMATCH`, `COLLATERAL_INVALID`,
 * `CERTIFICATE_*`, `CRL_*`.
 * Source: AMD 56860 (SNP firmware ABI) table 23, AMD 57230 (VCEK certificate and KDS interface).
 * @example
 * ```ts
 * const { claims } = verifySnpReport(bytes, { anchors: hardwareAnchors, collateral, at: Date.now() });
 * ```
 */
export const verifySnpReport = (bytes: Uint8Array, options: SnpOptions): SnpEvidence => {
  const report = parseSnpReport(bytes);
  const chain = verifyChain(pickChain(options.collateral), {
    anchors: options.anchors.filter(({ vendor }) => vendor === "amd"),
    at: options.at,
    crls: "none",
  });
  const [leaf] = chain.path;
  const crls = checkRevocation(chain, options);
  const vek = readVekCertificate(leaf);
  if (chain.path.at(-1)?.name !== `ARK-${vek.line}`)
    throw mismatch(`it is of ${vek.line} under the root of another product`);
  const { publicKey } = leaf;
  if (publicKey.kind !== "ec" || publicKey.curve !== "p384")
    throw mismatch("its key is not on P-384");
  if (!verifyRawEcdsa(publicKey, "sha384", report.signed, report.signature))
    throw fabricError("EVIDENCE_SIGNATURE_WRONG", { what: WHAT });
  const tcb = report.tcb(vek.line);
  checkKey(report, vek, tcb.reported);
  checkTcbOrder(tcb);
  return {
    claims: claimsOf(report, vek, chain, crls),
    anchor: chain.anchor.name,
    line: vek.line,
    key: vek.kind,
    tcb,
    vmpl: report.vmpl,
    migrationAgent: report.policy.migrationAgent,
    revocationChecked: crls.length > 0,
  };
};
