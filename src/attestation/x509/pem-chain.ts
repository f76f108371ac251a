import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { decodeBase64 } from "../../crypto/base64.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";

/** Most certificates of one chain. */
export const MAX_CHAIN_LENGTH = 8;
/** Longest PEM text that is read. */
export const MAX_PEM_LENGTH = 65_536;

const BEGIN = "-----BEGIN CERTIFICATE-----\n";
const END = "\n-----END CERTIFICATE-----";
const LINES = /^(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/=]{1,64}$/;

const refuse = (reason: string): never => {
  throw fabricError("CERTIFICATE_INVALID", { reason });
};

const decodeBlock = (lines: string): Uint8Array => {
  if (!LINES.test(lines)) refuse("a PEM block with lines of another form");
  try {
    return decodeBase64(lines.replaceAll("\n", ""), "a PEM block");
  } catch (error) {
    if (isFabricError(error, "BASE64_INVALID")) return refuse("a PEM block that is not base64");
    throw error;
  }
};

/**
 * DER of the CERTIFICATE blocks of a text, in their order (RFC 7468 section 5, strict form; CRLF is read as LF).
 * Nothing may stand between, before or behind them but line breaks. Throws `CERTIFICATE_INVALID`.
 */
export const pemBlocks = (text: string): readonly Uint8Array[] => {
  if (text.length > MAX_PEM_LENGTH) refuse("a PEM text that is too long");
  const plain = text.replaceAll("\r\n", "\n");
  const blocks: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    while (plain.charCodeAt(at) === 0x0a) at++;
    if (at === plain.length) break;
    if (!plain.startsWith(BEGIN, at)) refuse("text that is no CERTIFICATE block");
    if (blocks.length === MAX_CHAIN_LENGTH) refuse(`more than ${MAX_CHAIN_LENGTH} certificates`);
    const end = plain.indexOf(END, at);
    if (end < 0) refuse("a PEM block without end");
    blocks.push(decodeBlock(plain.slice(at + BEGIN.length, end)));
    at = end + END.length;
    if (at < plain.length && plain.charCodeAt(at) !== 0x0a) refuse("text behind a PEM block");
  }
  return blocks;
};

/** Certificates of a PEM text, in their order; at least one. Throws `CERTIFICATE_INVALID`. */
export const parsePemChain = (text: string): readonly Certificate[] => {
  const chain = pemBlocks(text).map(parseCertificate);
  return chain.length === 0 ? refuse("no certificate") : chain;
};
