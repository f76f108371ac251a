import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { decodeBase64, encodeBase64 } from "../../../src/crypto/base64.ts";
import { bytesToHex } from "../../../src/crypto/bytes.ts";

// Each form has one text per byte string, so that equal bytes are equal calls.

const invalid = (reason: string) => fabricError("HOST_CALL_INVALID", { reason });
const HEX = /^(?:[0-9a-f]{2})*$/;
/** Half a surrogate pair has no UTF-8; an encoder would write another character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Bytes of lower-case hex without 0x. Throws `HOST_CALL_INVALID`. */
export const bytesOfHex = (hex: string, name: string): Uint8Array => {
  if (!HEX.test(hex)) throw invalid(`${name}: lower-case hex without 0x is expected`);
  return new Uint8Array(Buffer.from(hex, "hex"));
};

const DECODERS: Readonly<Record<string, (text: string) => Uint8Array>> = {
  text: (text) => {
    if (LONE_SURROGATE.test(text)) throw invalid("text: half a surrogate pair");
    return new TextEncoder().encode(text);
  },
  hex: (hex) => bytesOfHex(hex, "hex"),
  base64: (base64) => {
    if (/[-_]/.test(base64)) throw invalid("base64: the standard alphabet is expected");
    return decodeBase64(base64);
  },
};

/** The bytes of a call, in exactly one of their forms, and its other fields. Throws `HOST_CALL_INVALID`. */
export const takeBytes = (
  call: Readonly<Record<string, unknown>>,
): { readonly bytes: Uint8Array; readonly others: Readonly<Record<string, unknown>> } => {
  const forms = Object.keys(DECODERS).filter((form) => Object.hasOwn(call, form));
  const [form] = forms;
  if (form === undefined || forms.length !== 1)
    throw invalid("exactly one of text, hex and base64 is expected");
  const { [form]: given, ...others } = call;
  const decode = DECODERS[form];
  if (typeof given !== "string" || !decode) throw invalid(`${form}: text is expected`);
  return { bytes: decode(given), others };
};

/** Bytes in a form. Throws `HOST_CALL_INVALID`. */
export const formOfBytes = (bytes: Uint8Array, to: string): string => {
  if (to === "hex") return bytesToHex(bytes);
  if (to === "base64") return encodeBase64(bytes);
  if (to !== "text") throw invalid("to: one of text, hex, base64 is expected");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("the bytes are not UTF-8");
  }
};
