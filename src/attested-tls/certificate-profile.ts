/**
 * Extension that carries the evidence: `tcg-dice-conceptual-message-wrapper` of TCG DICE Attestation Architecture 1.1,
 * once named tagged evidence, which Interoperable RA-TLS (CCC), Gramine and Intel's tools use too.
 */
export const EVIDENCE_OID = "2.23.133.5.4.9";
export const P256_SPKI_BYTES = 91;
/** `ecdsa-with-SHA256` (RFC 5758). */
export const ECDSA_SHA256_OID = "1.2.840.10045.4.3.2";
export const COMMON_NAME_OID = "2.5.4.3";
export const BASIC_CONSTRAINTS_OID = "2.5.29.19";
export const KEY_USAGE_OID = "2.5.29.15";
export const EXTENDED_KEY_USAGE_OID = "2.5.29.37";
/** Common name of every attested certificate: it says nothing, only the evidence does. */
export const CERTIFICATE_NAME = "cryptlet attested TLS";
/** Bytes of a certificate that is read at most; OpenSSL stops at 100 kB of chain. */
export const MAX_CERTIFICATE_BYTES = 98_304;
