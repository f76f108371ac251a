import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { Digest } from "../core/ids.ts";
import { bytesToHex, plainBytes } from "./bytes.ts";
import { nodeCrypto } from "./drivers/node-crypto.ts";

const createNodeHashes = (node: NonNullable<typeof nodeCrypto>) => ({
  bytes: (bytes: Uint8Array): Uint8Array => plainBytes(node.hash("sha256", bytes, "buffer")),
  hex: (bytes: Uint8Array): string => node.hash("sha256", bytes, "hex"),
});

const hashes = nodeCrypto
  ? createNodeHashes(nodeCrypto)
  : {
      bytes: (bytes: Uint8Array): Uint8Array => nobleSha256(bytes),
      hex: (bytes: Uint8Array): string => bytesToHex(nobleSha256(bytes)),
    };

/** SHA-256 (FIPS 180-4), 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => hashes.bytes(bytes);

/** SHA-256 as lower-case hex. */
export const sha256Hex = (bytes: Uint8Array): string => hashes.hex(bytes);

/** Keccak-256 as Ethereum uses it (the padding before FIPS 202), 32 bytes. OpenSSL 3.0 has none. */
export const keccak256 = (bytes: Uint8Array): Uint8Array => keccak_256(bytes);

/** `sha256:` and the hash in hex: the form of every digest of the fabric. */
export const digestOf = (bytes: Uint8Array): Digest => `sha256:${sha256Hex(bytes)}` as Digest;
