/** DSSE envelope (seam until src/envelope publishes its own). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Key record (seam until src/crypto publishes its own). */
export interface KeyRecord {
  readonly keyid: string;
  readonly suite: "ed25519" | "secp256k1-keccak256" | "p256-sha256";
  /** Base64 of the SPKI DER. */
  readonly publicKey: string;
  readonly address?: string;
}

/** Evidence document (seam until src/attestation publishes its own). */
export type Evidence = Readonly<Record<string, unknown>>;
