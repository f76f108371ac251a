import { fabricError } from "../core/errors/fabric-error.ts";

const HEX = /^(?:[0-9a-f]{2})*$/i;
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const hasBuffer = typeof Buffer === "function";

/** The same memory as a plain `Uint8Array`: `slice` of a Buffer shares memory where that of an array copies. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Lower-case hex text without prefix. */
export const bytesToHex = (bytes: Uint8Array): string => {
  if (hasBuffer)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  let text = "";
  for (const byte of bytes) text += DIGITS[byte] ?? "";
  return text;
};

/** Lower-case hex text behind `0x`, as contracts and JSON-RPC write bytes. */
export const bytesToPrefixedHex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;

const decodeHex = (digits: string): Uint8Array => {
  // Buffer stops at the first pair that is not hex: a short result is a refusal.
  if (hasBuffer) return new Uint8Array(Buffer.from(digits, "hex"));
  const bytes = new Uint8Array(HEX.test(digits) ? digits.length / 2 : 0);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
};

/** Bytes of hex text, `0x` optional. Throws `HEX_INVALID`; `length` demands that many bytes. */
export const hexToBytes = (text: string, length?: number): Uint8Array => {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  const bytes = decodeHex(digits);
  if (2 * bytes.length !== digits.length || (length !== undefined && bytes.length !== length))
    throw fabricError("HEX_INVALID", { what: text.slice(0, 20) });
  return bytes;
};

/** Write the bytes of hex text into `target`. Throws `HEX_INVALID` unless the text is exactly `length` bytes. */
export const writeHex = (
  text: string,
  target: Uint8Array,
  offset: number,
  length: number,
): void => {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (!hasBuffer) return target.set(hexToBytes(text, length), offset);
  const view = Buffer.from(target.buffer, target.byteOffset, target.byteLength);
  if (digits.length !== 2 * length || view.write(digits, offset, "hex") !== length)
    throw fabricError("HEX_INVALID", { what: text.slice(0, 20) });
};

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** Plain equality for public bytes. */
export const bytesEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Equality whose time depends on the lengths only: for secrets, tokens and tags. */
export const constantTimeEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
};

/** True when the big-endian number `a` is below `b`; both of one length. */
export const isBelow = (a: Uint8Array, b: Uint8Array): boolean => {
  for (let i = 0; i < b.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x < y;
  }
  return false;
};
