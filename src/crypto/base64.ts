import { fabricError } from "../core/errors/fabric-error.ts";
import { plainBytes } from "./bytes.ts";

const hasBuffer = typeof Buffer === "function";

/** Standard padded base64 (RFC 4648 section 4). */
export const encodeBase64 = (bytes: Uint8Array): string => {
  if (hasBuffer)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

const decodeLenient = (text: string): Uint8Array => {
  if (hasBuffer) return plainBytes(Buffer.from(text, "base64"));
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
};

/**
 * Bytes of padded base64, standard or URL-safe (DSSE lets a signer use either), never a mixture.
 * One byte string has one text per alphabet: no line breaks, no missing padding, no stray trailing bits.
 * Throws `BASE64_INVALID`.
 */
export const decodeBase64 = (text: string, what = "text"): Uint8Array => {
  const urlSafe = text.includes("-") || text.includes("_");
  if (urlSafe && (text.includes("+") || text.includes("/")))
    throw fabricError("BASE64_INVALID", { what });
  const standard = urlSafe ? text.replaceAll("-", "+").replaceAll("_", "/") : text;
  const bytes = decodeLenient(standard);
  // Decoders skip what they do not understand; writing the bytes again shows whether anything was skipped.
  if (encodeBase64(bytes) !== standard) throw fabricError("BASE64_INVALID", { what });
  return bytes;
};
