import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual, bytesToHex } from "../bytes.ts";
import {
  libSecp256k1,
  nobleSecp256k1,
  secp256k1Keys,
  secp256k1Order,
  type Secp256k1Arithmetic,
} from "../drivers/secp256k1.ts";
import { keccak256 } from "../hashes.ts";
import { defineSuite } from "../define-suite.ts";
import type { SuiteDriver } from "../suite.ts";

/** `v` is 27 plus the parity of R's y, as `ecrecover` expects it (Yellow Paper, appendix F). */
const V_OFFSET = 27;

const signRecoverable = (
  arithmetic: Secp256k1Arithmetic,
  hash: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array => {
  const { signature, recovery } = arithmetic.sign(hash, secretKey);
  // r at or above the group order happens once in 2^127 signatures and cannot be said with 27 or 28.
  if (recovery > 1) throw new Error("the nonce point has no v");
  const recoverable = new Uint8Array(65);
  recoverable.set(signature);
  recoverable[64] = V_OFFSET + recovery;
  return recoverable;
};

const isCanonical = (signature: Uint8Array): boolean =>
  (signature[64] === V_OFFSET || signature[64] === V_OFFSET + 1) &&
  secp256k1Order.isCanonical(signature);

const createDriver = (arithmetic: Secp256k1Arithmetic): SuiteDriver => ({
  name: arithmetic.name,
  signer: (secretKey) => (message) => signRecoverable(arithmetic, keccak256(message), secretKey),
  // Recovery instead of verification: a contract has only `ecrecover`, so a wrong `v` must fail here too.
  verifier: (publicKey) => (signature, message) =>
    bytesEqual(
      arithmetic.recover(
        signature.subarray(0, 64),
        (signature[64] ?? 0) - V_OFFSET,
        keccak256(message),
      ),
      publicKey,
    ),
});

/** EVM address of an uncompressed secp256k1 point, lower case: the last 20 bytes of its Keccak-256. */
export const evmAddress = (publicKey: Uint8Array): `0x${string}` =>
  `0x${bytesToHex(keccak256(publicKey.subarray(1)).subarray(12))}`;

const arithmetic = libSecp256k1 ?? nobleSecp256k1;

/**
 * EVM address that `ecrecover` gives for this message. Throws `SIGNATURE_WRONG` for anything not canonical.
 * @example
 * ```ts
 * recoverEvmAddress(signature, preAuthEncoding(type, payload)); // "0x…"
 * ```
 */
export const recoverEvmAddress = (signature: Uint8Array, message: Uint8Array): `0x${string}` => {
  try {
    if (signature.length !== 65 || !isCanonical(signature)) throw new Error("not canonical");
    const recovery = (signature[64] ?? 0) - V_OFFSET;
    return evmAddress(arithmetic.recover(signature.subarray(0, 64), recovery, keccak256(message)));
  } catch {
    throw fabricError("SIGNATURE_WRONG", { keyid: "to be recovered" });
  }
};

/** ECDSA on secp256k1 over Keccak-256: r || s || v, 65 bytes, low-s, v 27 or 28: what Solidity's `ecrecover` takes. */
export const secp256k1Keccak256Suite = defineSuite({
  name: "secp256k1-keccak256",
  signatureLength: 65,
  ...secp256k1Keys,
  reference: createDriver(nobleSecp256k1),
  fast: libSecp256k1 && createDriver(libSecp256k1),
  isCanonicalSignature: isCanonical,
  address: evmAddress,
});
