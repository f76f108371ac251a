import { fabricError } from "../../core/errors/fabric-error.ts";
import {
  generatePublisherSecret,
  readPublisherKeyRecord,
  sealPublisherKey,
} from "../../registry/publisher-key-file.ts";
import type { CommandResult } from "../command.ts";
import { readPassword } from "../key/key-file.ts";
import { writeNewFile } from "../write-new-file.ts";

/** A password that guards a name; the file may be tried for years. */
const MIN_PASSWORD_LENGTH = 12;
/** For the owner alone. */
const MODE = 0o600;

/** Makes a publisher's key in a new file and says whose it is. Throws `FLAG_MISSING`, `USAGE_INVALID`, `FILE_UNWRITABLE`. */
export const createPublisherKey = async (
  file: string,
  given: {
    readonly password: string | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<CommandResult> => {
  const password = await readPassword({ ...given, file: given.password });
  if (password.length < MIN_PASSWORD_LENGTH)
    throw fabricError("USAGE_INVALID", {
      fault: `the password must have at least ${MIN_PASSWORD_LENGTH} characters`,
    });
  const text = await sealPublisherKey(generatePublisherSecret(), password);
  await writeNewFile(file, text, { mode: MODE });
  const { keyid, publicKey } = readPublisherKeyRecord(text, file);
  return {
    data: { file, publisher: keyid, keyid, publicKey },
    text: [
      keyid,
      "This is your publisher's id once you publish with the key; hosts accept your releases by it.",
      `The key is in ${file}; without its password nobody can use it, you included.`,
    ].join("\n"),
  };
};
