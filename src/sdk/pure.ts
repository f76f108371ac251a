import type { PureBytes, PureCall, PureSuite } from "./abi.ts";
import { askHost, type HostCaller } from "./host-call.ts";

/**
 * Functions whose answer depends on their arguments alone, computed beside the guest: never recorded, charged as fuel.
 * Bytes go in as `{ text }` (UTF-8), `{ hex }` or `{ base64 }` and come out as lower-case hex without 0x.
 * Malformed arguments throw `HOST_CALL_INVALID`.
 * @example
 * ```ts
 * ctx.pure.keccak256({ text: "Transfer(address,address,uint256)" });
 * ```
 */
export interface PureFunctions {
  sha256(bytes: PureBytes): string;
  sha512(bytes: PureBytes): string;
  /** As Ethereum uses it. */
  keccak256(bytes: PureBytes): string;
  /** RFC 2104 with SHA-256; the key in hex. */
  hmacSha256(key: string, bytes: PureBytes): string;
  /** Whether the signature holds for the message. The suite hashes; key and signature in hex; only low s counts. */
  verify(
    suite: PureSuite,
    signed: { readonly publicKey: string; readonly signature: string },
    message: PureBytes,
  ): boolean;
  /** EVM address that signed the Keccak-256 of the message with r, s, v; null when none did. */
  recover(signature: string, message: PureBytes): string | null;
  /** The same bytes in another form; to `text` they must be UTF-8. */
  encode(bytes: PureBytes, to: "text" | "hex" | "base64"): string;
}

/** Pure functions over the wall's function; the guest's worker answers them, each in the form that `PureCall` says. */
export const createPure = (hostCall: HostCaller): PureFunctions => {
  const ask = (op: string, fields: object) =>
    askHost(hostCall, { op: `pure.${op}`, ...fields } as PureCall) as never;
  return {
    sha256: (bytes) => ask("sha256", bytes),
    sha512: (bytes) => ask("sha512", bytes),
    keccak256: (bytes) => ask("keccak256", bytes),
    hmacSha256: (key, bytes) => ask("hmac-sha256", { key, ...bytes }),
    verify: (suite, { publicKey, signature }, message) =>
      ask("verify", { suite, publicKey, signature, ...message }),
    recover: (signature, message) => ask("recover", { signature, ...message }),
    encode: (bytes, to) => ask("encode", { to, ...bytes }),
  };
};
