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
  QUOTE_MALFORMED: {
    kind: "verification",
    message: "The bytes are no SGX or TDX quote: {reason}",
    hint: "Versions 3, 4 and 5 with an ECDSA P-256 key are read; only zeros may follow the quote.",
    exit: 13,
  },
  QUOTE_VENDOR_REFUSED: {
    kind: "verification",
    message: "The quote names {vendor} and its anchor is simulated: {simulated}",
    hint: "The simulator's quotes belong under the simulator's anchor, Intel's under Intel's; nothing else is one.",
    exit: 13,
  },
  QUOTE_SIGNATURE_WRONG: {
    kind: "verification",
    message: "The attestation key did not sign the quote",
    hint: "The quote was changed after the quoting enclave signed it.",
    exit: 13,
  },
  QE_REFUSED: {
    kind: "verification",
    message: "The quoting enclave is refused: {reason}",
    hint: "It is not the vendor's, or the quote and its signature data do not belong together.",
    exit: 13,
  },
  COLLATERAL_MISSING: {
    kind: "verification",
    message: "There is no collateral to judge the quote by",
    hint: "Give it with --collateral FILE, or let --fetch ask the vendor for it; without revocation lists and TCB info nothing is accepted.",
    exit: 13,
  },
  COLLATERAL_INVALID: {
    kind: "verification",
    message: "The collateral is refused at {part}: {reason}",
    hint: "It was changed or is incomplete; fetch it again.",
    exit: 13,
  },
  COLLATERAL_EXPIRED: {
    kind: "verification",
    message: "The collateral's {part} holds from {from} to {to}",
    hint: "Fetch collateral of the time at which the evidence is judged.",
    exit: 13,
  },
  COLLATERAL_MISMATCH: {
    kind: "verification",
    message: "The collateral is not of this platform: {what}",
    hint: "Fetch it for exactly the FMSPC and the kind of TEE of this quote.",
    exit: 13,
  },
  COLLATERAL_ROLLED_BACK: {
    kind: "verification",
    message: "Newer collateral was seen before: {series}",
    hint: "Somebody serves old collateral to hide a revocation or a TCB recovery; fetch it from its issuer.",
    exit: 13,
  },
  TCB_LEVEL_UNKNOWN: {
    kind: "verification",
    message: "No matching TCB level for {of}",
    hint: "It is older than anything its vendor still judges. The platform must be updated.",
    exit: 13,
  },
  TDX_MODULE_REFUSED: {
    kind: "verification",
    message: "The TDX module is refused: {reason}",
    hint: "It is not Intel's, or newer than the collateral; fetch collateral again.",
    exit: 13,
  },
  SERVICE_TD_REFUSED: {
    kind: "verification",
    message: "A service TD is bound to the trust domain, or may be",
    hint: "It can change the domain from outside, and nothing in the quote says which code it runs.",
    exit: 13,
  },
} as const satisfies Record<string, ErrorEntry>;
