import { decode, encode } from "cborg";
import { z } from "zod";
import {
  EVIDENCE_TYPE,
  parseEvidenceDocument,
  serializeEvidence,
} from "../attestation/evidence-document.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { evidenceSchema, type Evidence } from "../envelope/bundle.ts";

/** Bit 2 of `cm-type`: the wrapped message is evidence (RFC 9999, RATS conceptual message wrapper). */
const EVIDENCE_MESSAGE = 4;
/** Bytes of one wrapper: OpenSSL takes certificates of up to 100 kB in all. */
export const MAX_WRAPPER_BYTES = 90_000;

const recordSchema = z.tuple([
  evidenceSchema.shape.type,
  z.instanceof(Uint8Array),
  z.literal(EVIDENCE_MESSAGE),
]);

const recordOf = ({ type, body }: Evidence): Uint8Array =>
  encode([type, decodeBase64(body, "evidence"), EVIDENCE_MESSAGE]);

/** The same document without the collateral that it carries, which is not part of what is signed. */
const withoutCollateral = (evidence: Evidence): Evidence =>
  evidence.type === EVIDENCE_TYPE
    ? serializeEvidence({ ...parseEvidenceDocument(evidence), collateral: null })
    : evidence;

/**
 * Evidence as CMW record in CBOR: `[media type, bytes, 4]`. A document that is too large for a certificate leaves its
 * collateral behind; its verifier then brings its own. Throws `INPUT_TOO_LARGE`.
 */
export const wrapEvidence = (evidence: Evidence): Uint8Array => {
  const whole = recordOf(evidence);
  if (whole.length <= MAX_WRAPPER_BYTES) return whole;
  const wrapper = recordOf(withoutCollateral(evidence));
  if (wrapper.length <= MAX_WRAPPER_BYTES) return wrapper;
  throw fabricError("INPUT_TOO_LARGE", {
    what: "the evidence of a certificate",
    size: wrapper.length,
    limit: MAX_WRAPPER_BYTES,
  });
};

/** Evidence of a CMW record; exactly the form that `wrapEvidence` writes. Throws `PEER_CERTIFICATE_REFUSED`. */
export const unwrapEvidence = (wrapper: Uint8Array): Evidence => {
  const record = recordSchema.safeParse(readCbor(wrapper));
  if (!record.success)
    throw fabricError("PEER_CERTIFICATE_REFUSED", {
      reason: "its evidence is wrapped in no form that is known",
    });
  const [type, body] = record.data;
  return { type, body: encodeBase64(body) };
};

const readCbor = (bytes: Uint8Array): unknown => {
  try {
    return decode(bytes, { strict: true, allowIndefinite: false, allowUndefined: false });
  } catch {
    return null;
  }
};
