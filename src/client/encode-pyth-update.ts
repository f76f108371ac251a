import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { type Bundle, parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import { SOLABI_LENGTH } from "../envelope/observation-solabi.ts";

/** Names the form: payload and ECDSA signatures. */
const FORM = "00";
const SIGNATURE_LENGTH = 65;

const refuse = (reason: string) => fabricError("BUNDLE_MALFORMED", { reason });

/**
 * One item of Pyth's `updateData` for `PythFacade`, `0x` hex: a byte 0, the signed payload, its signatures. The contract
 * checks the signatures; nothing is checked here but the form. A bundle may come as the API gave it.
 * Throws `BUNDLE_MALFORMED`, `JSON_MALFORMED`, `INPUT_TOO_LARGE`, `BASE64_INVALID`.
 * @example
 * ```ts
 * const { envelopeDigest } = await client.feeds.latest("xau-usd");
 * const bundle = await client.envelopes.bundle(envelopeDigest);
 * await consumer.buy([encodePythUpdate(bundle)]);
 * ```
 */
export const encodePythUpdate = (bundle: unknown): `0x${string}` => {
  const { onchain }: Bundle = parseBundle(JSON.stringify(bundle) ?? "");
  if (onchain === null) throw refuse("a record has no form for contracts");
  if (onchain.payloadType !== OBSERVATION_SOLABI_TYPE)
    throw refuse("it holds no observation for contracts");
  const payload = payloadBytes(onchain);
  if (payload.length !== SOLABI_LENGTH) throw refuse(`its payload has ${payload.length} bytes`);
  const signatures = onchain.signatures.map(({ sig }) => decodeBase64(sig, "signature"));
  if (signatures.length === 0) throw refuse("nobody signed it");
  if (signatures.some(({ length }) => length !== SIGNATURE_LENGTH))
    throw refuse(`a signature has not ${SIGNATURE_LENGTH} bytes`);
  return `0x${FORM}${[payload, ...signatures].map(bytesToHex).join("")}`;
};
