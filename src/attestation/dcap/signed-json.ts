import * as z from "zod";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { hexToBytes } from "../../crypto/bytes.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import { parseStrictJson } from "../../envelope/strict-json.ts";
import { createBoundedCache } from "../x509/bounded-cache.ts";
import type { PublicKey } from "../x509/public-key.ts";
import { verifyRawEcdsa } from "../x509/verify-signature.ts";
import { collateralFault } from "./collateral-fault.ts";

/** JSON that a TCB signing key signed as text. */
export interface SignedJson {
  readonly part: "tcb_info" | "qe_identity";
  /** Exactly the bytes that were signed: never written again from parsed data. */
  readonly text: string;
  /** `r || s` in hex. */
  readonly signature: string;
}

/** Longest text that is read; Intel's have 0.5 to 10 KB. */
const MAX_TEXT = 1_048_576;
const SIGNATURE = /^[0-9a-fA-F]{128}$/;
const encoder = new TextEncoder();

const parse = <Output>({ part, text }: SignedJson, schema: z.ZodType<Output>): Output => {
  let json: unknown;
  try {
    json = parseStrictJson(text, { limit: MAX_TEXT, what: part });
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw collateralFault(part, error.message, error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw collateralFault(part, z.prettifyError(parsed.error).slice(0, 500));
};

/** Check the signature over the raw text, then read it. Throws `COLLATERAL_INVALID`. */
export type SignedJsonReader<Output> = (signed: SignedJson, key: PublicKey) => Output;

/**
 * A reader of signed JSON of one form. What it read under which key follows from the bytes alone and is remembered by
 * their digests; dates in it are the caller's to check.
 */
export const createSignedJsonReader = <Output>(
  schema: z.ZodType<Output>,
): SignedJsonReader<Output> => {
  const known = createBoundedCache<Output>(64);
  return (signed, key) => {
    if (signed.text.length > MAX_TEXT) throw collateralFault(signed.part, "it is too long");
    if (!SIGNATURE.test(signed.signature))
      throw collateralFault(`${signed.part}_signature`, "it is not 64 bytes in hex");
    const bytes = encoder.encode(signed.text);
    const name = `${sha256Hex(bytes)}/${signed.signature}/${sha256Hex(key.spki)}`;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const right =
      key.kind === "ec" &&
      key.curve === "p256" &&
      verifyRawEcdsa(key, "sha256", bytes, hexToBytes(signed.signature));
    if (!right) throw collateralFault(`${signed.part}_signature`, "it is wrong");
    const value = parse(signed, schema);
    known.set(name, value);
    return value;
  };
};

/**
 * Take the signed text and its signature out of an answer of Intel's PCS, `{"tcbInfo":{…},"signature":"…"}`, without
 * parsing it: the signature is over the text as it stands there. Throws `COLLATERAL_INVALID`.
 */
export const splitPcsAnswer = (body: string, member: "tcbInfo" | "enclaveIdentity"): SignedJson => {
  const part = member === "tcbInfo" ? "tcb_info" : "qe_identity";
  const head = `{"${member}":`;
  const tail = /,"signature":"([0-9a-fA-F]{128})"\}\s*$/.exec(body.slice(-200));
  const text = tail && body.slice(head.length, body.trimEnd().length - tail[0].trimEnd().length);
  if (tail === null || text === null || !body.startsWith(head) || body.length > MAX_TEXT)
    throw collateralFault(part, "it is no answer of a PCS");
  return { part, text, signature: tail[1] ?? "" };
};
