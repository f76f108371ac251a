import * as z from "zod";
import { digestHex, digestSchema, type Digest } from "../core/ids.ts";
import { bytesToHex, concatBytes, hexToBytes } from "../crypto/bytes.ts";
import { digestOf, keccak256 } from "../crypto/hashes.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { PURPOSES } from "./purposes.ts";

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex characters");
const time = z.int().min(0).max(253_402_300_799_999);

/** What kind of thing holds the keys: a Cryptlet of one lane, or a host. */
export const PROFILES = [
  "cryptlet/js/v1",
  "cryptlet/wasm/v1",
  "cryptlet/evm/v1",
  "cryptlet/process/v1",
  "fabric/host/v1",
] as const;

/** @see PURPOSES */
export type Purpose = (typeof PURPOSES)[number];

/** Where a registration has no key, no nonce, no manifest or no configuration. */
export const ZERO_WORD = "0".repeat(64);

/** What evidence registers: which keys, for what, of which Cryptlet under which configuration, and how long. */
export const registrationSchema = z.strictObject({
  profile: z.enum(PROFILES),
  purpose: z.enum(PURPOSES),
  keysetRoot: digestSchema,
  /** Raw X25519 key in hex; zeros where the keyset has none. */
  encryptionKey: hex32,
  /** The challenger's, in hex; zeros where nobody asked. */
  nonce: hex32,
  /** Empty for a host. */
  cryptlet: z.string().max(64),
  manifestDigest: digestSchema,
  /** Digest of the configuration: it is not code and not part of the measurement. */
  configId: digestSchema,
  /** ms since epoch. */
  notBefore: time,
  notAfter: time,
});
/** @see registrationSchema */
export type Registration = z.infer<typeof registrationSchema>;

const MAGIC = "CRY1";
const encoder = new TextEncoder();
const nameWord = (text: string) => keccak256(encoder.encode(text));
const digestWord = (digest: Digest) => hexToBytes(digestHex(digest), 32);
const numberBytes = (value: number, length: number) =>
  hexToBytes(value.toString(16).padStart(2 * length, "0"), length);

/** Root of a keyset: SHA-256 over the keys' ids in ascending order, under its own domain. */
export const keysetRoot = (keys: readonly KeyRecord[]): Digest =>
  digestOf(
    concatBytes(
      encoder.encode("cryptlet/keyset/v1\0"),
      ...keys
        .map(({ keyid }) => keyid)
        .toSorted()
        .map(digestWord),
    ),
  );

/**
 * The 64 bytes that evidence of every TEE carries: `[0:20]` EVM address of the on-chain key, `[20:52]` keccak-256 over
 * ten ABI words of the registration (texts as their keccak-256), `[52:56]` "CRY1", `[56:64]` epoch. Lower-case hex.
 */
export const reportData = (
  registration: Registration,
  keys: readonly KeyRecord[],
  epoch: number,
): string => {
  const address = keys.find((key) => key.address !== undefined)?.address ?? `0x${"0".repeat(40)}`;
  const tuple = keccak256(
    concatBytes(
      nameWord(registration.profile),
      nameWord(registration.purpose),
      digestWord(registration.keysetRoot),
      hexToBytes(registration.encryptionKey, 32),
      hexToBytes(registration.nonce, 32),
      nameWord(registration.cryptlet),
      digestWord(registration.manifestDigest),
      digestWord(registration.configId),
      numberBytes(registration.notBefore, 32),
      numberBytes(registration.notAfter, 32),
    ),
  );
  const parts = [hexToBytes(address, 20), tuple, encoder.encode(MAGIC), numberBytes(epoch, 8)];
  return bytesToHex(concatBytes(...parts));
};
