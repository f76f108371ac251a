import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { concatBytes, constantTimeEqual } from "./bytes.ts";

// Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks), scheme v1. The reference library was looked
// at: it parses the body and judges the clock in one step, and takes any text as a secret; in tests it is the judge.

const PREFIX = "whsec_";
/** Lengths that the specification allows, bytes. */
const MIN_SECRET = 24;
const MAX_SECRET = 64;
/** Most signatures that are compared: one for each secret in use. */
const MAX_SIGNATURES = 16;

/** What is signed: id and timestamp (seconds since epoch, as text) of the headers, and the body's bytes. */
export interface WebhookMessage {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/** `whsec_` and base64. */
export const formatWebhookSecret = (secret: Uint8Array): string =>
  `${PREFIX}${encodeBase64(secret)}`;

/** The bytes of a secret. Throws `WEBHOOK_SECRET_INVALID`, and never says what it was given. */
export const parseWebhookSecret = (text: string): Uint8Array => {
  try {
    const bytes = text.startsWith(PREFIX) ? decodeBase64(text.slice(PREFIX.length)) : null;
    if (bytes && bytes.length >= MIN_SECRET && bytes.length <= MAX_SECRET) return bytes;
  } catch {
    // Told below, without the text.
  }
  throw fabricError("WEBHOOK_SECRET_INVALID", {});
};

const mac = (secret: Uint8Array, { id, timestamp, body }: WebhookMessage): Uint8Array =>
  hmac(sha256, secret, concatBytes(new TextEncoder().encode(`${id}.${timestamp}.`), body));

/** Value of `webhook-signature`: one `v1,<base64>` for each secret, newest first. */
export const signWebhook = (secrets: readonly Uint8Array[], message: WebhookMessage): string =>
  secrets.map((secret) => `v1,${encodeBase64(mac(secret, message))}`).join(" ");

/** Whether one of the header's signatures is one of ours. Time depends on lengths and counts alone. */
export const fitsWebhook = (
  secrets: readonly Uint8Array[],
  message: WebhookMessage,
  header: string,
): boolean => {
  const given = header
    .split(" ")
    .slice(0, MAX_SIGNATURES)
    .flatMap((part) => (part.startsWith("v1,") ? [new TextEncoder().encode(part.slice(3))] : []));
  let fits = false;
  for (const secret of secrets) {
    const expected = new TextEncoder().encode(encodeBase64(mac(secret, message)));
    for (const signature of given) fits = constantTimeEqual(signature, expected) || fits;
  }
  return fits;
};
