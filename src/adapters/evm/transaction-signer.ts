import { Signature, Transaction, type TransactionLike } from "ethers";
import { addressSchema, type Address } from "../../core/ids.ts";
import { bytesToPrefixedHex, hexToBytes } from "../../crypto/bytes.ts";
import { createSigningKey } from "../../crypto/key-record.ts";

/** Pays for transactions and signs them: with a key in memory, or by asking a service that holds it. */
export interface TransactionSigner {
  readonly address: Address;
  /**
   * 65 bytes `r || s || v` over the keccak-256 of the message, v 27 or 28, low s.
   * A signer that is a service may be unreachable or refuse: its driver says by which codes.
   */
  sign(message: Uint8Array, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
}

/** A signer whose secret stays in a closure. `secret` is 32 bytes as hex, `0x` optional. Throws `SECRET_KEY_INVALID`, `HEX_INVALID`. */
export const createTransactionSigner = (secret: string): TransactionSigner => {
  const key = createSigningKey("secp256k1-keccak256", hexToBytes(secret, 32));
  return {
    address: addressSchema.parse(key.record.address),
    sign: async (message) => key.sign(message),
  };
};

/** Raw bytes and hash of a signed transaction, ready to be stored and broadcast. */
export interface SignedTransaction {
  /** `0x` hex. */
  readonly raw: string;
  readonly hash: string;
}

/** Signs fields, or a serialised unsigned transaction: no node ever sees the key. */
export const signTransaction = async (
  fields: TransactionLike | string,
  signer: TransactionSigner,
  options?: { signal?: AbortSignal },
): Promise<SignedTransaction> => {
  const transaction = Transaction.from(fields);
  const signature = await signer.sign(hexToBytes(transaction.unsignedSerialized), options);
  transaction.signature = Signature.from(bytesToPrefixedHex(signature));
  return { raw: transaction.serialized, hash: transaction.hash ?? "" };
};
