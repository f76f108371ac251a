import { MAX_KEYSTORE_BYTES, sealKeystore } from "../../adapters/evm/signers/keystore.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { CommandResult } from "../command.ts";
import { readInput } from "../read-input.ts";
import { writeNewFile } from "../write-new-file.ts";

/** Variable that a password may stand in; never a flag, which others can see in the list of processes. */
export const PASSWORD_VARIABLE = "CRYPTLET_KEY_PASSWORD";
const MAX_PASSWORD_BYTES = 4_096;
/** A password that guards money; the file may be tried for years. */
const MIN_PASSWORD_LENGTH = 12;
/** For the owner alone. */
const MODE = 0o600;

interface Source {
  /** `--password`: a file, or `-`. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The password, from a file or from the environment; one line end after it is cut off. Throws `FLAG_MISSING`. */
export const readPassword = async ({ file, env, signal }: Source): Promise<string> => {
  const given =
    file === undefined
      ? env[PASSWORD_VARIABLE]
      : (await readInput(file, { limit: MAX_PASSWORD_BYTES, signal })).toString("utf8");
  if (given === undefined) throw fabricError("FLAG_MISSING", { flag: "--password" });
  return given.replace(/\r?\n$/, "");
};

/** Text of a key file. Throws `FILE_UNREADABLE`, `INPUT_TOO_LARGE`. */
export const readKeyFile = async (file: string, signal: AbortSignal): Promise<string> =>
  (await readInput(file, { limit: MAX_KEYSTORE_BYTES, signal })).toString("utf8");

/** Seals a private key into a new file and says whose it is. Throws `USAGE_INVALID`, `FILE_UNWRITABLE`. */
export const writeKeyFile = async (
  file: string,
  secret: string,
  password: string,
): Promise<CommandResult> => {
  if (password.length < MIN_PASSWORD_LENGTH)
    throw fabricError("USAGE_INVALID", {
      fault: `the password must have at least ${MIN_PASSWORD_LENGTH} characters`,
    });
  const { text, address } = await sealKeystore(secret, password);
  await writeNewFile(file, text, { mode: MODE });
  return {
    data: { file, address },
    text: `${address}\nThe key is in ${file}; without its password nobody can use it, you included.`,
  };
};
