import { nodeModule } from "./node-crypto.ts";

/** The part of the `secp256k1` package's libsecp256k1 binding that is used here. */
export interface NativeSecp256k1 {
  ecdsaSign(digest: Uint8Array, secretKey: Uint8Array): { signature: Uint8Array; recid: number };
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaRecover(
    signature: Uint8Array,
    recid: number,
    digest: Uint8Array,
    compressed: boolean,
  ): Uint8Array;
}

const load = (): NativeSecp256k1 | null => {
  if (!nodeModule) return null;
  try {
    const require = nodeModule.createRequire(import.meta.url);
    // Not the package's main file: that one falls back to elliptic without a word.
    return require("secp256k1/bindings.js") as NativeSecp256k1;
  } catch {
    return null;
  }
};

/** The optional native binding, or null where it is not installed or has no binary for this machine. */
export const nativeSecp256k1 = load();
