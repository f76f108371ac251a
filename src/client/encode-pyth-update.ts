import { bytesToHex } from "../crypto/bytes.ts";
import { readOnchainForm, refuseBundle, SIGNATURE_LENGTHS } from "./onchain-form.ts";

/** First byte of an item: what stands behind the payload. */
const FORMS = { list: "00", group: "01" } as const;

/**
 * One item of Pyth's `updateData` for `PythFacade`, `0x` hex: a byte for the form, the signed payload, its signatures:
 * that of the signing group where the bundle has one, else those of single keys. The contract checks the signatures;
 * nothing is checked here but the form. A bundle may come as the API gave it. `packPythUpdate` gives a cheaper item.
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
  const { payload, signatures } = readOnchainForm(bundle);
  const all = signatures.map(({ bytes }) => bytes);
  const hasGroup = all.some(({ length }) => length === SIGNATURE_LENGTHS.group);
  const by = options.by ?? (hasGroup ? "group" : "list");
  const fitting = all.filter(({ length }) => length === SIGNATURE_LENGTHS[by]);
  const used = by === "group" ? fitting.slice(0, 1) : fitting;
  if (used.length === 0) throw refuseBundle(`it has no signature of a ${by}`);
  return `0x${FORMS[by]}${[payload, ...used].map(bytesToHex).join("")}`;
};
