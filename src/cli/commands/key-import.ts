import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

const MAX_KEY_BYTES = 1_024;

export const keyImport = defineCommand({
  name: "key import",
  group: "Operate",
  summary: "Seal a private key that is there already into an encrypted key file",
  description:
    "Reads 32 bytes as hex, 0x optional, from a file or from standard input and seals them as cryptlet key create does. " +
    "What it was read from stays where it is: delete it.",
  arguments: [{ name: "file", help: "The key file to write." }],
  options: {
    key: {
      kind: "text",
      value: "FILE",
      help: "file with the private key, - for standard input",
      required: true,
    },
    password: {
      kind: "text",
      value: "FILE",
      help: "file with the password; default: CRYPTLET_KEY_PASSWORD",
    },
  },
  examples: [
    {
      command: "cryptlet key import host-key.json --key plain-key --password host-key.password",
      says: "The account stays the same.",
    },
  ],
  exits: { 3: "a file cannot be read" },
  run: async ({ args, options, env, signal }) => {
    const { accountOf } = await import("../../adapters/evm/signers/keystore.ts");
    const { readInput } = await import("../read-input.ts");
    const { readPassword, writeKeyFile } = await import("../key/key-file.ts");
    if (options.key === "-" && options.password === "-")
      throw fabricError("USAGE_INVALID", { fault: "only one of --key and --password can be -" });
    const bytes = await readInput(options.key, { limit: MAX_KEY_BYTES, signal });
    const text = bytes.toString("utf8").trim();
    const secret = text.startsWith("0x") ? text : `0x${text}`;
    if (accountOf(secret) === null)
      throw fabricError("USAGE_INVALID", { fault: "--key does not hold a private key" });
    const password = await readPassword({ file: options.password, env, signal });
    return await writeKeyFile(args.file, secret, password);
  },
});
