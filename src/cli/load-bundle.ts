import { createFabricClient } from "../client/fabric-client.ts";
import { MAX_BUNDLE_BYTES, parseBundle, type Bundle } from "../envelope/bundle.ts";
import { toJsonText } from "./output.ts";
import { readInput } from "./read-input.ts";

/**
 * A bundle by file name or, from a fabric, by envelope digest; with the text it came as.
 * Throws `FILE_UNREADABLE`, `BUNDLE_MALFORMED`, `ENVELOPE_UNKNOWN` and the client's errors.
 */
export const loadBundle = async (
  source: string,
  fabric: { readonly url: string; readonly token: string | null },
  signal: AbortSignal,
): Promise<{ bundle: Bundle; text: string }> => {
  const text = source.startsWith("sha256:")
    ? toJsonText(await createFabricClient(fabric).envelopes.bundle(source, { signal }))
    : (await readInput(source, { limit: MAX_BUNDLE_BYTES, signal })).toString("utf8");
  return { bundle: parseBundle(text), text };
};
