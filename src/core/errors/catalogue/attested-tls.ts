import type { ErrorEntry } from "../arguments.ts";

/** Errors of TLS between attested ends (RA-TLS). */
export const attestedTlsErrors = {
  PEER_CERTIFICATE_REFUSED: {
    kind: "verification",
    message: "The peer's certificate is not an attested one: {reason}",
    hint: "Only a self-signed P-256 certificate that carries evidence about its own key is taken; a proxy in between breaks it.",
    exit: 13,
  },
  PEER_EVIDENCE_REFUSED: {
    kind: "verification",
    message: "The peer's evidence does not stand for this connection: {reason}",
    hint: "Evidence is bound to one key, one purpose and one time. Evidence that was taken from elsewhere proves nothing.",
    exit: 13,
  },
  PEER_CHANNEL_REFUSED: {
    kind: "verification",
    message: "The connection cannot carry attestation: {reason}",
    hint: "Both ends speak TLS 1.3 with a full handshake; older versions and resumed sessions bind no evidence.",
    exit: 13,
  },
  PEER_CHALLENGES_EXHAUSTED: {
    kind: "unavailable",
    message: "Too many challenges are being answered",
    hint: "Try again in a second, or go by the evidence in the certificate.",
  },
  PEER_UNREACHABLE: {
    kind: "unavailable",
    message: "No attested connection to {address}: {reason}",
    hint: "Check address and port, and that the other end serves its attested listener.",
  },
} as const satisfies Record<string, ErrorEntry>;
