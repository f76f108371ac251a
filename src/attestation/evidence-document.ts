import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { keyRecordSchema } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { dsseEnvelopeSchema } from "../envelope/dsse.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { collateralSchema } from "./collateral/collateral.ts";
import { TEES } from "./evidence-claims.ts";
import { measurementLogSchema } from "./measurement-log.ts";
import { registrationSchema } from "./report-data.ts";

/** Media type of an evidence document: the type of a piece of evidence in a bundle. */
export const EVIDENCE_TYPE = "application/vnd.cryptlet.evidence.v2+json";
/** DSSE payload type of layer 1: what a host's attestation key says about one Cryptlet. */
export const KEY_STATEMENT_TYPE = "application/vnd.cryptlet.key-statement.v1+json";

/** Largest document that is read, in bytes. */
export const MAX_EVIDENCE_BYTES = 393_216;
const MAX_QUOTE_TEXT = 65_536;

const epoch = z.int().min(0).max(0xffff_ffff);

/** Layer 0: the host that speaks for its Cryptlets, and what it says about this one. */
const hostLayerSchema = z.strictObject({
  /** The host's attestation key; the quote binds it with purpose `host-ak`. */
  keys: z.array(keyRecordSchema).length(1),
  registration: registrationSchema,
  epoch,
  /** Layer 1, signed by that key. */
  statement: dsseEnvelopeSchema,
});

/**
 * Everything that a verifier needs about one Cryptlet or host beside its trust anchors and its policy. With `host` the
 * quote is of the host and its key vouches for the Cryptlet; without, the quote is of the subject itself.
 */
export const evidenceDocumentSchema = z.strictObject({
  format: z.literal("cryptlet-evidence/v2"),
  tee: z.enum(TEES),
  /** Base64 of the bytes that the TEE gave. */
  quote: z.string().min(1).max(MAX_QUOTE_TEXT),
  /** What those bytes are judged by, as of the day of issue; null where the verifier brings its own. */
  collateral: collateralSchema.nullable(),
  /** Seven events for a Cryptlet, four for a host. */
  log: measurementLogSchema,
  keys: z.array(keyRecordSchema).min(1).max(8),
  registration: registrationSchema,
  epoch,
  host: hostLayerSchema.nullable(),
});
/** @see evidenceDocumentSchema */
export type EvidenceDocument = z.infer<typeof evidenceDocumentSchema>;

/** What the host's attestation key signs about one of its Cryptlets. */
export const keyStatementSchema = z.strictObject({
  format: z.literal("cryptlet-key-statement/v1"),
  measurement: digestSchema,
  /** `sha384:` register over the Cryptlet's whole log. */
  launch: z.string().regex(/^sha384:[0-9a-f]{96}$/),
  /** Of the Cryptlet's registration, keys and epoch. */
  reportData: z.string().regex(/^[0-9a-f]{128}$/),
  notBefore: registrationSchema.shape.notBefore,
  notAfter: registrationSchema.shape.notAfter,
});
/** @see keyStatementSchema */
export type KeyStatement = z.infer<typeof keyStatementSchema>;

/** Evidence as a bundle carries it. */
export const serializeEvidence = (document: EvidenceDocument): Evidence => ({
  type: EVIDENCE_TYPE,
  body: encodeBase64(new TextEncoder().encode(canonicalJson(document))),
});

const invalid = (reason: string, cause?: unknown) =>
  fabricError("EVIDENCE_INVALID", { reason: reason.slice(0, 500) }, { cause });

/** Parse strict JSON into a schema. Throws `EVIDENCE_INVALID`. */
export const readEvidenceJson = <Schema extends z.ZodType>(
  bytes: Uint8Array,
  schema: Schema,
  what: string,
): z.output<Schema> => {
  let json: unknown;
  try {
    json = parseStrictJson(bytes, { limit: MAX_EVIDENCE_BYTES, what });
  } catch (error) {
    throw invalid(`${what} is not JSON`, error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(z.prettifyError(parsed.error));
};

/** Read a document; nothing in it is verified yet. Throws `EVIDENCE_INVALID`. */
export const parseEvidenceDocument = (evidence: Evidence): EvidenceDocument => {
  if (evidence.type !== EVIDENCE_TYPE) throw invalid(`its type is ${evidence.type.slice(0, 80)}`);
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(evidence.body, "evidence");
  } catch (error) {
    throw invalid("its body is not base64", error);
  }
  return readEvidenceJson(bytes, evidenceDocumentSchema, "the evidence");
};

/** The bytes of the document's quote. Throws `EVIDENCE_INVALID`. */
export const quoteBytes = (document: EvidenceDocument): Uint8Array => {
  try {
    return decodeBase64(document.quote, "quote");
  } catch (error) {
    throw invalid("its quote is not base64", error);
  }
};
