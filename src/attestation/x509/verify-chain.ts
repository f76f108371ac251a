import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import { EXTENSION, KEY_USAGE } from "./certificate-extensions.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { type Crl } from "./crl.ts";
import { isWithin } from "./is-within.ts";
import { MAX_CHAIN_LENGTH } from "./pem-chain.ts";
import { isSigned } from "./signed-by.ts";
import { verifyCrl } from "./verify-crl.ts";

/** A root that is believed, as data. `simulated` is said by whoever loads it and never read from a certificate. */
export interface Anchor {
  readonly name: string;
  /** DER of the root; a chain ends in exactly these bytes. */
  readonly certificate: Uint8Array;
  readonly simulated: boolean;
}

/** How a chain is judged. */
export interface ChainRules<A extends Anchor = Anchor> {
  readonly anchors: readonly A[];
  /** ms since epoch. */
  readonly at: number;
  /**
   * Lists of revoked certificates: each certificate below the root needs its issuer's. `none` only where the issuer
   * publishes no list and lets certificates live for hours.
   */
  readonly crls: readonly Crl[] | "none";
  /** Critical extensions that the caller checks itself. */
  readonly criticalExtensions?: readonly string[];
}

/** A chain that holds. */
export interface VerifiedChain<A extends Anchor = Anchor> {
  readonly anchor: A;
  /** From the leaf to the root. */
  readonly path: readonly [Certificate, ...Certificate[]];
  /** When all of its certificates and lists are valid together, in ms since epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** The lists that were used. */
  readonly crls: readonly Crl[];
}

const UNDERSTOOD = new Set<string>([EXTENSION.basicConstraints, EXTENSION.keyUsage]);

const refuse = (certificate: Certificate, reason: string): never => {
  throw fabricError("CERTIFICATE_CHAIN_REFUSED", { certificate: certificate.name, reason });
};

const isSelfIssued = ({ subject, issuer }: Certificate): boolean => bytesEqual(subject, issuer);

const issuedBy = (certificate: Certificate, issuer: Certificate): boolean =>
  bytesEqual(certificate.issuer, issuer.subject) &&
  (certificate.authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    certificate.authorityKeyId === issuer.subjectKeyId);

/** Where one root is given twice and once as simulated, it is simulated. */
const simulatedFirst = (a: Anchor, b: Anchor): number => Number(b.simulated) - Number(a.simulated);

/** The chain with its root: one of the anchors, byte for byte, which may be left out of what was sent. */
const endInAnchor = <A extends Anchor>(
  chain: readonly Certificate[],
  anchors: readonly A[],
): { readonly anchor: A; readonly path: readonly [Certificate, ...Certificate[]] } => {
  const [leaf, ...rest] = chain;
  const last = chain.at(-1);
  if (leaf === undefined || last === undefined || chain.length > MAX_CHAIN_LENGTH)
    throw fabricError("CERTIFICATE_INVALID", { reason: "a chain of no or too many certificates" });
  const [anchor] = anchors
    .filter(({ certificate }) => sha256Hex(certificate) === last.fingerprint)
    .toSorted(simulatedFirst);
  if (anchor) return { anchor, path: [leaf, ...rest] };
  if (!isSelfIssued(last))
    for (const candidate of anchors.toSorted(simulatedFirst)) {
      const root = parseCertificate(candidate.certificate);
      if (issuedBy(last, root) && isSigned(last, root.publicKey))
        return { anchor: candidate, path: [leaf, ...rest, root] };
    }
  throw fabricError("CERTIFICATE_ROOT_UNKNOWN", { certificate: last.name });
};

const checkItself = (certificate: Certificate, at: number, extra: readonly string[]): void => {
  if (!isWithin(at, certificate.notBefore, certificate.notAfter))
    throw fabricError("CERTIFICATE_EXPIRED", {
      certificate: certificate.name,
      from: new Date(certificate.notBefore).toISOString(),
      to: new Date(certificate.notAfter).toISOString(),
    });
  for (const [oid, { critical }] of certificate.extensions)
    if (critical && !UNDERSTOOD.has(oid) && !extra.includes(oid))
      refuse(certificate, `its critical extension ${oid.slice(0, 60)} is not understood`);
};

/** `below`: how many certificates that are not self-issued stand between the issuer and the leaf. */
const checkLink = (certificate: Certificate, issuer: Certificate, below: number): void => {
  if (!issuedBy(certificate, issuer)) refuse(certificate, "the next one is not its issuer");
  if (!issuer.isCa) refuse(issuer, "it is no CA and issues");
  if (issuer.keyUsage?.(KEY_USAGE.keyCertSign) !== true)
    refuse(issuer, "its key may not sign certificates");
  if (issuer.pathLength !== null && below > issuer.pathLength)
    refuse(issuer, "more certificates below it than it allows");
  if (!isSigned(certificate, issuer.publicKey)) refuse(certificate, "its signature is wrong");
};

const checkRevocation = (
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly Crl[],
  at: number,
): readonly Crl[] => {
  const own = lists.filter((crl) => bytesEqual(crl.issuer, issuer.subject));
  if (own.length === 0)
    throw fabricError("CRL_MISSING", { certificate: certificate.name, issuer: issuer.name });
  for (const crl of own) {
    verifyCrl(crl, issuer, at);
    if (crl.revoked.has(certificate.serial))
      throw fabricError("CERTIFICATE_REVOKED", {
        certificate: certificate.name,
        serial: certificate.serial,
      });
  }
  return own;
};

/**
 * Verify a chain, leaf first (RFC 5280 section 6, for the profile of attestation): it ends in an anchor, each
 * certificate is valid at `at`, signed by the next one, which is a CA and may sign certificates; the leaf is no CA; no
 * critical extension is left aside; each certificate below the root is on no list of its issuer, and that list is
 * authentic and current. Whatever is missing is a refusal.
 * Throws `CERTIFICATE_INVALID`, `CERTIFICATE_ROOT_UNKNOWN`, `CERTIFICATE_EXPIRED`, `CERTIFICATE_CHAIN_REFUSED`,
 * `CERTIFICATE_REVOKED`, `CRL_MISSING`, `CRL_INVALID`, `CRL_EXPIRED`.
 * @example
 * ```ts
 * const { anchor, path } = verifyChain(parsePemChain(pem), { anchors, at: Date.now(), crls });
 * ```
 */
export const verifyChain = <A extends Anchor>(
  chain: readonly Certificate[],
  { anchors, at, crls, criticalExtensions = [] }: ChainRules<A>,
): VerifiedChain<A> => {
  const { anchor, path } = endInAnchor(chain, anchors);
  if (path[0].isCa) refuse(path[0], "it is a CA and stands as leaf");
  for (const certificate of path) checkItself(certificate, at, criticalExtensions);
  const links = path.slice(0, -1).flatMap((certificate, i) => {
    const issuer = path[i + 1];
    return issuer ? [{ certificate, issuer }] : [];
  });
  let below = 0;
  for (const { certificate, issuer } of links) {
    checkLink(certificate, issuer, below);
    if (!isSelfIssued(issuer)) below++;
  }
  const used = new Set<Crl>();
  // Only now is every issuer one whose list counts.
  if (crls !== "none")
    for (const { certificate, issuer } of links)
      for (const crl of checkRevocation(certificate, issuer, crls, at)) used.add(crl);
  const lists = [...used];
  return {
    anchor,
    path,
    validFrom: Math.max(
      ...path.map(({ notBefore }) => notBefore),
      ...lists.map(({ thisUpdate }) => thisUpdate),
    ),
    validUntil: Math.min(
      ...path.map(({ notAfter }) => notAfter),
      ...lists.map(({ nextUpdate }) => nextUpdate),
    ),
    crls: lists,
  };
};
