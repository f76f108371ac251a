import type { Digest } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import { hpkeOpen, hpkeSeal } from "../hpke/hpke.ts";

const encoder = new TextEncoder();

/** From whom to whom, in which ceremony. */
export interface ChannelName {
  readonly ceremony: Digest;
  readonly dealer: number;
  readonly to: number;
}

const contextOf = ({ ceremony, dealer, to }: ChannelName) => ({
  info: encoder.encode("cryptlet/frost/share/v1"),
  aad: encoder.encode(`${ceremony}\0${dealer}\0${to}`),
});

/** A dealt share as it travels. */
export interface SealedShare {
  readonly enc: string;
  readonly ciphertext: string;
}

/** Throws `PUBLIC_KEY_INVALID`. */
export const sealShare = async (
  key: string,
  share: Uint8Array,
  name: ChannelName,
): Promise<SealedShare> => {
  const { enc, ciphertext } = await hpkeSeal(hexToBytes(key, 32), share, contextOf(name));
  return { enc: bytesToHex(enc), ciphertext: bytesToHex(ciphertext) };
};

/** Null for what does not open: it was sealed for something else, or never. */
export const openShare = async (
  secret: Uint8Array,
  { enc, ciphertext }: SealedShare,
  name: ChannelName,
): Promise<Uint8Array | null> => {
  const message = { enc: hexToBytes(enc, 32), ciphertext: hexToBytes(ciphertext, 48) };
  try {
    return await hpkeOpen(secret, message, contextOf(name));
  } catch {
    return null;
  }
};
