import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { parseStrictJson } from "./strict-json.ts";

/** Largest envelope text and payload that are read, in bytes. */
export const MAX_ENVELOPE_BYTES = 1_048_576;
export const MAX_PAYLOAD_BYTES = 524_288;
/** Most signatures that one envelope may carry. */
export const MAX_SIGNATURES = 32;

const MAX_PAYLOAD_TEXT = Math.ceil(MAX_PAYLOAD_BYTES / 3) * 4;

/**
 * DSSE 1.0.2 JSON envelope. Not a strict object: "Consumers MUST ignore unrecognized fields", which are dropped here.
 * `keyid` is an unauthenticated hint; unset means empty.
 */
export const dsseEnvelopeSchema = z.object({
  payload: z.string().max(MAX_PAYLOAD_TEXT),
  payloadType: z.string().min(1).max(256),
  signatures: z
    .array(z.object({ keyid: z.string().max(256).default(""), sig: z.string().max(512) }))
    .max(MAX_SIGNATURES),
});

/** @see dsseEnvelopeSchema */
export type DsseEnvelope = z.infer<typeof dsseEnvelopeSchema>;

const encoder = new TextEncoder();

/** The few payload types of a process as bytes, with what stands in front: `DSSEv1 29 http://example.com/HelloWorld `. */
const TYPE_CACHE_SIZE = 64;
const typeCache = new Map<string, Uint8Array>();

const typePart = (payloadType: string): Uint8Array => {
  const known = typeCache.get(payloadType);
  if (known) return known;
  const length = encoder.encode(payloadType).length;
  const part = encoder.encode(`DSSEv1 ${length} ${payloadType} `);
  if (typeCache.size < TYPE_CACHE_SIZE) typeCache.set(payloadType, part);
  return part;
};

/**
 * The bytes that are signed: `DSSEv1 SP len(type) SP type SP len(payload) SP payload` (DSSE protocol 1.0.2).
 * Lengths count bytes, in decimal.
 * @example
 * ```ts
 * import { preAuthEncoding } from "cryptlet-fabric/envelope";
 *
 * const bytes = preAuthEncoding("text/plain", new TextEncoder().encode("hi"));
 * console.log(new TextDecoder().decode(bytes)); // DSSEv1 10 text/plain 2 hi
 * ```
 */
export const preAuthEncoding = (payloadType: string, payload: Uint8Array): Uint8Array => {
  const head = typePart(payloadType);
  const length = `${payload.length} `;
  const whole = new Uint8Array(head.length + length.length + payload.length);
  whole.set(head);
  for (let i = 0; i < length.length; i++) whole[head.length + i] = length.charCodeAt(i);
  whole.set(payload, head.length + length.length);
  return whole;
};

/**
 * The payload's bytes. They are not verified yet. Throws `BASE64_INVALID`.
 * @example
 * ```ts
 * import { payloadBytes } from "cryptlet-fabric/envelope";
 *
 * const envelope = { payloadType: "text/plain", payload: "aGk=", signatures: [] };
 * console.log(new TextDecoder().decode(payloadBytes(envelope))); // hi
 * ```
 */
export const payloadBytes = (envelope: DsseEnvelope): Uint8Array =>
  decodeBase64(envelope.payload, "payload");

/** Check the shape of parsed JSON. Throws `ENVELOPE_MALFORMED`. */
export const toEnvelope = (json: unknown): DsseEnvelope => {
  const parsed = dsseEnvelopeSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fabricError("ENVELOPE_MALFORMED", {
    reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong shape"}`,
  });
};

/**
 * Read envelope JSON. Throws `INPUT_TOO_LARGE`, `JSON_MALFORMED`, `ENVELOPE_MALFORMED`.
 * @example
 * ```ts
 * import { parseEnvelope } from "cryptlet-fabric/envelope";
 *
 * const envelope = parseEnvelope('{"payloadType":"text/plain","payload":"aGk=","signatures":[{"keyid":"","sig":"AA=="}]}');
 * console.log(envelope.payloadType); // text/plain
 * ```
 */
export const parseEnvelope = (bytes: Uint8Array | string): DsseEnvelope =>
  toEnvelope(parseStrictJson(bytes, { limit: MAX_ENVELOPE_BYTES, what: "the envelope" }));

/** Base64 of either alphabet, or anything else that JSON writes as it stands. */
const PLAIN = /^[A-Za-z0-9+/=_-]*$/;

/** Envelope JSON on one line, fields in the order of the specification: what `JSON.stringify` writes. */
export const serializeEnvelope = (envelope: DsseEnvelope): string => {
  const { payload, payloadType, signatures } = envelope;
  // Looking for characters to escape costs more than the rest where the payload is kilobytes.
  const text = PLAIN.test(payload) ? `"${payload}"` : JSON.stringify(payload);
  const type = JSON.stringify(payloadType);
  return `{"payload":${text},"payloadType":${type},"signatures":${JSON.stringify(signatures)}}`;
};
