import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

const BLOCK = /^-----BEGIN PUBLIC KEY-----\n((?:[A-Za-z0-9+/=]{1,64}\n)+)-----END PUBLIC KEY-----$/;
const MAX_LENGTH = 4_096;

/** PEM text of an SPKI (RFC 7468 section 13): what OpenSSL, node:crypto and sigstore read. */
export const spkiToPem = (spki: Uint8Array): string => {
  const lines = encodeBase64(spki).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
};

/** SPKI DER of exactly one PUBLIC KEY block. Throws `PEM_INVALID`, `BASE64_INVALID`. */
export const spkiFromPem = (pem: string): Uint8Array => {
  if (pem.length > MAX_LENGTH) throw fabricError("PEM_INVALID", { reason: "too long" });
  const body = BLOCK.exec(pem.replaceAll("\r\n", "\n").trim())?.[1];
  if (body === undefined)
    throw fabricError("PEM_INVALID", { reason: "it is not one PUBLIC KEY block" });
  return decodeBase64(body.replaceAll("\n", ""), "PEM body");
};
