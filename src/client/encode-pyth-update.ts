import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { type Bundle, parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../envelope/observation.ts";
import { SOLABI_LENGTH } from "../envelope/observation-solabi.ts";

/** First byte: what stands behind the payload, and how long each signature is. */
const FORMS = { list: { byte: "00", length: 65 }, group: { byte: "01", length: 52 } } as const;

const refuse = (reason: string) => fabricError("BUNDLE_MALFORMED", { reason });

/**
 * One item of Pyth's `updateData` for `PythFacade`, `0x` hex: a byte for the form, the signed payload, its signatures:
 * that of the signing group where the bundle has one, else those of single keys. The contract checks the signatures;
 * nothing is checked here but the form. A bundle may come as the API gave it.
 * Throws `BUNDLE_MALFORMED`, `JSON_MALFORMED`, `INPUT_TOO_LARGE`, `BASE64_INVALID`.
 * @example
 * ```ts
 * const { envelopeDigest } = await client.feeds.latest("xau-usd");
 * const bundle = await client.envelopes.bundle(envelopeDigest);
 * await consumer.buy([encodePythUpdate(bundle)]);
 * ```
 */
export const encodePythUpdate = (
  bundle: unknown,
  options: {
    /** `list` where the feed on that chain knows no group. Default: `group` where there is a group's signature. */
    readonly by?: keyof typeof FORMS;
  } = {},
): `0x${string}` => {
  const { onchain }: Bundle = parseBundle(JSON.stringify(bundle) ?? "");
  if (onchain === null) throw refuse("a record has no form for contracts");
  if (onchain.payloadType !== OBSERVATION_SOLABI_TYPE)
    throw refuse("it holds no observation for contracts");
  const payload = payloadBytes(onchain);
  if (payload.length !== SOLABI_LENGTH) throw refuse(`its payload has ${payload.length} bytes`);
  const all = onchain.signatures.map(({ sig }) => decodeBase64(sig, "signature"));
  const hasGroup = all.some(({ length }) => length === FORMS.group.length);
  const by = options.by ?? (hasGroup ? "group" : "list");
  const form = FORMS[by];
  const fitting = all.filter(({ length }) => length === form.length);
  const signatures = by === "group" ? fitting.slice(0, 1) : fitting;
  if (signatures.length === 0) throw refuse(`it has no signature of a ${by}`);
  return `0x${form.byte}${[payload, ...signatures].map(bytesToHex).join("")}`;
};
