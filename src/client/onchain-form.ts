import { fabricError, type FabricError } from "../core/errors/fabric-error.ts";
import { addressSchema, type Address } from "../core/ids.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import { SOLABI_LENGTH } from "../envelope/observation-solabi.ts";

/** Bytes of a signature by one key, and by a group: what tells them apart. */
export const SIGNATURE_LENGTHS = { list: 65, group: 52 } as const;

/** What contracts get of a bundle; nothing about it is checked but its form. */
export interface OnchainForm {
  /** 192 bytes, see `encodeOnchainObservation`. */
  readonly payload: Uint8Array;
  /** `address` is what the bundle says of the key; null where it says nothing. */
  readonly signatures: readonly { readonly bytes: Uint8Array; readonly address: Address | null }[];
}

/** A bundle that cannot be put into the form that was asked for. */
export const refuseBundle = (reason: string): FabricError =>
  fabricError("BUNDLE_MALFORMED", { reason });

/** Take the form for contracts out of a bundle. Throws `BUNDLE_MALFORMED`, `JSON_MALFORMED`, `INPUT_TOO_LARGE`, `BASE64_INVALID`. */
export const readOnchainForm = (bundle: unknown): OnchainForm => {
  const { onchain, keys } = parseBundle(JSON.stringify(bundle) ?? "");
  if (onchain === null) throw refuseBundle("a record has no form for contracts");
  if (onchain.payloadType !== OBSERVATION_SOLABI_TYPE)
    throw refuseBundle("it holds no observation for contracts");
  const payload = payloadBytes(onchain);
  if (payload.length !== SOLABI_LENGTH)
    throw refuseBundle(`its payload has ${payload.length} bytes`);
  const signatures = onchain.signatures.map(({ keyid, sig }) => {
    const found = keys.find((key) => key.keyid === keyid)?.address;
    const address = found === undefined ? null : addressSchema.parse(found);
    return { bytes: decodeBase64(sig, "signature"), address };
  });
  return { payload, signatures };
};
