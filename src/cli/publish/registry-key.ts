import type { SigningKey } from "../../crypto/key-record.ts";
import { MAX_PUBLISHER_KEY_BYTES, openPublisherKey } from "../../registry/publisher-key-file.ts";
import { readPassword } from "../key/key-file.ts";
import { readInput } from "../read-input.ts";

/**
 * The publisher's key of a file. Throws `FILE_UNREADABLE`, `FLAG_MISSING` (no password), `PUBLISHER_KEY_UNREADABLE`,
 * `PUBLISHER_KEY_REFUSED`.
 */
export const readPublisherKey = async (
  file: string,
  options: {
    readonly password: string | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<SigningKey> => {
  const { password, env, signal } = options;
  const text = (await readInput(file, { limit: MAX_PUBLISHER_KEY_BYTES, signal })).toString("utf8");
  return openPublisherKey(text, await readPassword({ file: password, env, signal }), file);
};
