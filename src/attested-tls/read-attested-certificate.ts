import { verify } from "node:crypto";
import { openDer } from "../attestation/x509/check-der.ts";
import {
  createDerReader,
  DER,
  derContext,
  type DerReader,
} from "../attestation/x509/der-reader.ts";
import { oidText, readTime, readWholeBits } from "../attestation/x509/der-values.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual } from "../crypto/bytes.ts";
import { createKeyRecord, type KeyRecord } from "../crypto/key-record.ts";
import { suiteOf } from "../crypto/suites.ts";
import type { Evidence } from "../envelope/bundle.ts";
import {
  ECDSA_SHA256_OID,
  EVIDENCE_OID,
  MAX_CERTIFICATE_BYTES,
  P256_SPKI_BYTES,
} from "./certificate-profile.ts";
import { unwrapEvidence } from "./evidence-wrapper.ts";

/** What an attested certificate holds. Its evidence is not appraised yet. */
export interface AttestedCertificate {
  /** The TLS key; suite `p256-sha256`. */
  readonly key: KeyRecord;
  readonly evidence: Evidence;
  /** ms since epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const SUITE = "p256-sha256";
const WHAT = "the peer's certificate";
const MAX_EXTENSIONS = 16;

const refuse = (reason: string) => fabricError("PEER_CERTIFICATE_REFUSED", { reason });

/**
 * Read an attested certificate and check its own signature: one form only, self-signed, P-256, one evidence extension.
 * Throws `PEER_CERTIFICATE_REFUSED`.
 */
export const readAttestedCertificate = (der: Uint8Array): AttestedCertificate => {
  try {
    return read(der);
  } catch (error) {
    if (isFabricError(error, "PEER_CERTIFICATE_REFUSED")) throw error;
    if (isFabricError(error))
      throw fabricError("PEER_CERTIFICATE_REFUSED", { reason: error.message }, { cause: error });
    throw error;
  }
};

const read = (der: Uint8Array): AttestedCertificate => {
  const whole = openDer(der, WHAT, MAX_CERTIFICATE_BYTES);
  const tbsBytes = whole.raw(DER.sequence);
  const algorithm = readAlgorithm(whole);
  const signature = readWholeBits(whole, WHAT);
  whole.finish();

  const tbs = createDerReader(tbsBytes, WHAT).enter(DER.sequence);
  const version = tbs.enter(derContext(0));
  if (!bytesEqual(version.read(DER.integer), Uint8Array.of(2))) throw refuse("it is not version 3");
  version.finish();
  tbs.read(DER.integer);
  if (readAlgorithm(tbs) !== algorithm || algorithm !== ECDSA_SHA256_OID)
    throw refuse("it is not signed with ECDSA and SHA-256");
  const issuer = tbs.raw(DER.sequence);
  const validity = tbs.enter(DER.sequence);
  const notBefore = readTime(validity, WHAT);
  const notAfter = readTime(validity, WHAT);
  validity.finish();
  if (!bytesEqual(issuer, tbs.raw(DER.sequence))) throw refuse("it is not self-signed");
  const spki = tbs.raw(DER.sequence);
  if (spki.length !== P256_SPKI_BYTES) throw refuse("its key is not on P-256");
  const key = createKeyRecord(SUITE, suiteOf(SUITE).importSpki(spki));
  const evidence = readEvidence(tbs.enter(derContext(3)).enter(DER.sequence));
  tbs.finish();

  const subject = { key: Buffer.from(spki), format: "der", type: "spki" } as const;
  if (!verify("sha256", tbsBytes, subject, signature)) throw refuse("its own signature is wrong");
  return { key, evidence, notBefore, notAfter };
};

const readAlgorithm = (reader: DerReader): string => {
  const fields = reader.enter(DER.sequence);
  const id = oidText(fields.read(DER.oid));
  // RFC 5758 section 3.2: no parameters.
  fields.finish();
  return id;
};

const readEvidence = (extensions: DerReader): Evidence => {
  let found: Uint8Array | null = null;
  const seen = new Set<string>();
  while (!extensions.done()) {
    const fields = extensions.enter(DER.sequence);
    const id = oidText(fields.read(DER.oid));
    fields.optional(DER.boolean);
    const content = fields.read(DER.octetString);
    fields.finish();
    if (seen.has(id)) throw refuse("an extension stands in it twice");
    seen.add(id);
    if (seen.size > MAX_EXTENSIONS) throw refuse("it has too many extensions");
    if (id === EVIDENCE_OID) found = content;
  }
  if (found === null) throw refuse("it carries no evidence");
  return unwrapEvidence(found);
};
