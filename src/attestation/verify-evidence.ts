import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { type BoundEvidence, bindEvidence } from "./bind-evidence.ts";
import { snpCollateralSchema } from "./collateral/collateral.ts";
import type { EvidenceBytes } from "./collateral/collateral-source.ts";
import type { CollateralMemory } from "./dcap/collateral-memory.ts";
import { verifyDcapQuote } from "./dcap/verify-dcap-quote.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";
import { parseEvidenceDocument, quoteBytes } from "./evidence-document.ts";
import { verifyNitroDocument } from "./nitro/verify-nitro-document.ts";
import { plainEvidence, type PresentedEvidence } from "./presented-evidence.ts";
import type { Purpose } from "./report-data.ts";
import type { SnpTcb } from "./sev-snp/snp-tcb.ts";
import { tcbText } from "./sev-snp/snp-tcb.ts";
import { verifySnpReport } from "./sev-snp/verify-snp-report.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

/** What verification needs beside the evidence. Everything is passed in: no clock, no network, no state. */
export interface VerifyEvidenceOptions {
  readonly anchors: TrustAnchors;
  /**
   * In the shape of `collateralSchema`, checked to the last byte. Null where there is none: a document may carry its own,
   * Nitro needs none, everything else is refused.
   */
  readonly collateral: unknown;
  /** ms since epoch. */
  readonly at: number;
  /** What a document must have been made for. */
  readonly purpose: Purpose;
  /** Refuses Intel collateral older than what was seen; leave it out where the past is judged. */
  readonly memory?: CollateralMemory;
  /** @see SnpOptions */
  readonly allowMissingRevocation: boolean;
}

/** Something that verification found and a policy cannot see in the claims. */
export interface Remark {
  readonly weight: "warning" | "note";
  readonly detail: string;
}

/** Authentic evidence of any kind. */
export interface VerifiedEvidence {
  readonly claims: EvidenceClaims;
  /** What a document of ours binds; null for plain evidence. */
  readonly bound: BoundEvidence | null;
  /** Hex of what the evidence binds where a challenger's nonce stands. */
  readonly nonces: readonly string[];
  /** The time that the evidence itself binds, ms since epoch; null where its kind has none. */
  readonly issuedAt: number | null;
  readonly snpTcb: SnpTcb | null;
  readonly remarks: readonly Remark[];
}

const note = (detail: string): Remark => ({ weight: "note", detail });
const warning = (detail: string): Remark => ({ weight: "warning", detail });

const verifyNitro = (bytes: Uint8Array, options: VerifyEvidenceOptions): VerifiedEvidence => {
  const { claims, issuedAt, nonce } = verifyNitroDocument(bytes, options);
  return {
    claims,
    bound: null,
    nonces: nonce === null ? [claims.reportData] : [nonce, claims.reportData],
    issuedAt,
    snpTcb: null,
    remarks: [
      note(
        "AWS publishes no revocation lists for these certificates: nothing was looked up, they end within hours",
      ),
      note("AWS publishes no TCB levels: nothing is known about the platform's patches"),
    ],
  };
};

const verifySnp = (bytes: Uint8Array, options: VerifyEvidenceOptions): VerifiedEvidence => {
  const collateral = snpCollateralSchema.safeParse(options.collateral);
  if (!collateral.success)
    throw options.collateral === null
      ? fabricError("COLLATERAL_MISSING", {})
      : fabricError("COLLATERAL_INVALID", {
          part: "its form",
          reason: z.prettifyError(collateral.error).slice(0, 500),
        });
  const found = verifySnpReport(bytes, { ...options, collateral: collateral.data });
  const { claims, tcb, vmpl, key } = found;
  return {
    claims,
    bound: null,
    nonces: [claims.reportData],
    issuedAt: null,
    snpTcb: tcb.reported,
    remarks: [
      ...(found.revocationChecked
        ? []
        : [warning("No revocation list was given: whether the ASK is revoked is not known")]),
      note(
        `AMD publishes no revocation lists for ${key.toUpperCase()} certificates: raising the least TCB is what voids them`,
      ),
      note(`Reported TCB: ${tcbText(tcb.reported)}`),
      ...(tcbText(tcb.current) === tcbText(tcb.committed)
        ? []
        : [note("The firmware is provisional: it can be rolled back to the committed one")]),
      ...(vmpl === 0
        ? []
        : [note(`Asked for at VMPL ${vmpl}: software at lower levels stands above the guest`)]),
      ...(found.migrationAgent
        ? [warning("A migration agent may move the guest to another platform")]
        : []),
    ],
  };
};

const verifyQuote = (bytes: Uint8Array, options: VerifyEvidenceOptions): VerifiedEvidence => {
  const anchors = options.anchors.filter(({ vendor }) => vendor === "intel");
  const claims = verifyDcapQuote(bytes, { ...options, anchors });
  return {
    claims,
    bound: null,
    nonces: [claims.reportData],
    issuedAt: null,
    snpTcb: null,
    remarks: [],
  };
};

const verifyPlain = (evidence: EvidenceBytes, options: VerifyEvidenceOptions): VerifiedEvidence => {
  const verify = { sgx: verifyQuote, tdx: verifyQuote, nitro: verifyNitro, "sev-snp": verifySnp };
  const verified = verify[evidence.tee](evidence.bytes, options);
  if (verified.claims.tee !== evidence.tee)
    throw fabricError("EVIDENCE_MALFORMED", {
      what: `evidence of ${evidence.tee}`,
      reason: `it is of ${verified.claims.tee}`,
    });
  return verified;
};

/**
 * Verify evidence of any kind, and what a document of ours binds to it. The caller's collateral goes before the
 * document's own, which serves where the caller has none. What comes back is authentic and not judged yet.
 * Throws what `verifyDcapQuote`, `verifyNitroDocument`, `verifySnpReport` and `bindEvidence` throw.
 */
export const verifyEvidence = (
  evidence: PresentedEvidence,
  options: VerifyEvidenceOptions,
): VerifiedEvidence => {
  const plain = plainEvidence(evidence);
  if (plain) return verifyPlain(plain, options);
  if ("tee" in evidence) throw fabricError("EVIDENCE_KIND_UNKNOWN", { size: 0 });
  const document = parseEvidenceDocument(evidence);
  const collateral = options.collateral ?? document.collateral;
  const bytes = quoteBytes(document);
  const verified = verifyPlain({ tee: document.tee, bytes }, { ...options, collateral });
  const { purpose, at } = options;
  const bound = bindEvidence(document, verified.claims, { purpose, at });
  return { ...verified, bound, nonces: [bound.registration.nonce], issuedAt: bound.notBefore };
};
