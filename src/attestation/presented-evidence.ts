import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { hexToBytes } from "../crypto/bytes.ts";
import { type Bundle, type Evidence, MAX_BUNDLE_BYTES, parseBundle } from "../envelope/bundle.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import type { EvidenceBytes } from "./collateral/collateral-source.ts";
import { EVIDENCE_TYPE } from "./evidence-document.ts";
import type { Tee } from "./evidence-claims.ts";
import { SNP_REPORT_BYTES } from "./sev-snp/snp-report.ts";

/** Media types under which plain evidence travels in a bundle. */
const TEE_OF_TYPE: ReadonlyMap<string, Tee> = new Map([
  ["application/vnd.intel.sgx.quote.v3", "sgx"],
  ["application/vnd.intel.tdx.quote.v4", "tdx"],
  ["application/vnd.intel.tdx.quote.v5", "tdx"],
  ["application/vnd.aws.nitro.attestation+cbor", "nitro"],
  ["application/vnd.amd.sev-snp.report", "sev-snp"],
]);

/** Plain evidence of a TEE, or one piece of a bundle: a document of ours or plain evidence under its media type. */
export type PresentedEvidence = EvidenceBytes | Evidence;

/** Plain evidence inside a piece of a bundle; null for a document. Throws `EVIDENCE_MALFORMED` for another type. */
export const plainEvidence = (evidence: PresentedEvidence): EvidenceBytes | null => {
  if ("tee" in evidence) return evidence;
  if (evidence.type === EVIDENCE_TYPE) return null;
  const tee = TEE_OF_TYPE.get(evidence.type);
  const what = "evidence of a known type";
  if (tee === undefined)
    throw fabricError("EVIDENCE_MALFORMED", { what, reason: evidence.type.slice(0, 80) });
  try {
    return { tee, bytes: decodeBase64(evidence.body, "evidence") };
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw fabricError("EVIDENCE_MALFORMED", { what, reason: error.message }, { cause: error });
  }
};

const TDX_TYPE = 0x81;
const QUOTE_HEADER_BYTES = 48;
/** Attestation keys of quotes: ECDSA on P-256 and P-384. */
const QUOTE_KEYS: ReadonlySet<number> = new Set([2, 3]);
/** An array of four, with or without tag 18. */
const COSE_STARTS: ReadonlySet<number> = new Set([0x84, 0xd2]);

/**
 * Which kind of evidence the bytes want to be, by the first bytes alone: the verifier of that kind decides whether they
 * are. Null for none.
 */
const kindOf = (bytes: Uint8Array): Tee | null => {
  if (COSE_STARTS.has(bytes[0] ?? 0)) return "nitro";
  if (bytes.length < QUOTE_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(0, true);
  if (version >= 3 && version <= 15 && QUOTE_KEYS.has(view.getUint16(2, true)))
    return version > 3 && view.getUint32(4, true) === TDX_TYPE ? "tdx" : "sgx";
  return bytes.length === SNP_REPORT_BYTES ? "sev-snp" : null;
};

const HEX = /^(?:0x)?(?:[0-9a-fA-F]{2})+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Bytes of hex or base64 text with line breaks anywhere; null for anything else. */
const decodeText = (text: string): Uint8Array | null => {
  const joined = text.replaceAll(/\s+/g, "");
  if (HEX.test(joined)) return hexToBytes(joined);
  if (!BASE64.test(joined)) return null;
  const bare = joined.replace(/=+$/, "");
  try {
    return decodeBase64(bare.padEnd(Math.ceil(bare.length / 4) * 4, "="), "evidence");
  } catch (error) {
    if (isFabricError(error)) return null;
    throw error;
  }
};

const OPENING_BRACE = 0x7b;
/** Largest plain evidence that is looked at. */
const MAX_TEXT_BYTES = 1_048_576;

/** What a file of evidence holds. */
export type RecognisedEvidence =
  | { readonly kind: "bundle"; readonly bundle: Bundle; readonly evidence: readonly Evidence[] }
  | { readonly kind: "document" | "plain"; readonly evidence: readonly PresentedEvidence[] };

const unknown = (bytes: Uint8Array) => fabricError("EVIDENCE_KIND_UNKNOWN", { size: bytes.length });

const parseOr = <Value>(what: string, parse: () => Value): Value => {
  try {
    return parse();
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw fabricError("EVIDENCE_MALFORMED", { what, reason: error.message }, { cause: error });
  }
};

const readJson = (bytes: Uint8Array): RecognisedEvidence => {
  const json = parseOr("evidence in JSON", () =>
    parseStrictJson(bytes, { limit: MAX_BUNDLE_BYTES, what: "the evidence" }),
  );
  if (typeof json !== "object" || json === null) throw unknown(bytes);
  if ("envelope" in json) {
    const bundle = parseOr("a bundle", () => parseBundle(bytes));
    return { kind: "bundle", bundle, evidence: bundle.evidence };
  }
  if ("format" in json)
    return { kind: "document", evidence: [{ type: EVIDENCE_TYPE, body: encodeBase64(bytes) }] };
  if (
    "type" in json &&
    typeof json.type === "string" &&
    "body" in json &&
    typeof json.body === "string"
  )
    return { kind: "document", evidence: [{ type: json.type, body: json.body }] };
  throw unknown(bytes);
};

/**
 * Say what a file holds: a bundle, an evidence document, or plain evidence as bytes, hex or base64. Nothing is verified.
 * Throws `EVIDENCE_KIND_UNKNOWN`, `EVIDENCE_MALFORMED`.
 */
export const recogniseEvidence = (bytes: Uint8Array): RecognisedEvidence => {
  if (bytes[0] === OPENING_BRACE) return readJson(bytes);
  if (bytes.length > MAX_TEXT_BYTES) throw unknown(bytes);
  const direct = kindOf(bytes);
  if (direct !== null) return { kind: "plain", evidence: [{ tee: direct, bytes }] };
  const decoded = decodeText(new TextDecoder("latin1").decode(bytes));
  const inner = decoded && kindOf(decoded);
  if (!decoded || !inner) throw unknown(bytes);
  return { kind: "plain", evidence: [{ tee: inner, bytes: decoded }] };
};
