import type { ErrorEntry } from "../arguments.ts";

/** What verifiers of evidence refuse; the code tells the step. */
export const attestationErrors = {
  DER_INVALID: {
    kind: "verification",
    message: "{what} is not DER: {reason}",
    hint: "Only the one encoding that X.690 calls distinguished is read.",
    exit: 13,
  },
  CERTIFICATE_INVALID: {
    kind: "verification",
    message: "A certificate cannot be read: {reason}",
    hint: "X.509 v3 in DER, or PEM blocks with nothing between them.",
    exit: 13,
  },
  CERTIFICATE_EXPIRED: {
    kind: "verification",
    message: "The certificate {certificate} holds from {from} to {to}",
    hint: "Judge the evidence at the time it was made, or ask for fresh evidence; check the clock.",
    exit: 13,
  },
  CERTIFICATE_CHAIN_REFUSED: {
    kind: "verification",
    message: "The chain of certificates breaks at {certificate}: {reason}",
    hint: "Each certificate is signed by the next, which must be a CA.",
    exit: 13,
  },
  CERTIFICATE_ROOT_UNKNOWN: {
    kind: "verification",
    message: "The chain of certificates ends in {certificate}, below none of the trust anchors",
    hint: "Simulated evidence needs the anchor of its simulator; hardware the vendor's root.",
    exit: 13,
  },
  CERTIFICATE_REVOKED: {
    kind: "verification",
    message: "The certificate {certificate} with serial number {serial} is revoked",
    hint: "The platform, or who speaks for it, is not to be trusted any more.",
    exit: 13,
  },
  CRL_INVALID: {
    kind: "verification",
    message: "A list of revoked certificates is refused: {reason}",
    hint: "Fetch the collateral again; the list must be its issuer's own, whole and signed.",
    exit: 13,
  },
  CRL_EXPIRED: {
    kind: "verification",
    message: "The list of revoked certificates of {issuer} holds from {from} to {to}",
    hint: "Fetch collateral of the time at which the evidence is judged.",
    exit: 13,
  },
  CRL_MISSING: {
    kind: "verification",
    message: "There is no list of {issuer} that could say whether {certificate} is revoked",
    hint: "Collateral carries the list of each issuer; without one nothing is accepted.",
    exit: 13,
  },
} as const satisfies Record<string, ErrorEntry>;
