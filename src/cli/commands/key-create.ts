import { defineCommand } from "../command.ts";

export const keyCreate = defineCommand({
  name: "key create",
  group: "Operate",
  summary: "Make an account that pays for deliveries, in an encrypted key file",
  description:
    "Draws a secp256k1 key and seals it under a password (Web3 Secret Storage version 3, scrypt), as " +
    "chains[].signer.keystore of the configuration reads it. The password comes from --password or from " +
    "CRYPTLET_KEY_PASSWORD, never from the command line. Only the account is printed. A file that is there is never " +
    "overwritten; the new one is for its owner alone (0600).",
  arguments: [{ name: "file", help: "The key file to write." }],
  options: {
    password: {
      kind: "text",
      value: "FILE",
      help: "file with the password, - for standard input; default: CRYPTLET_KEY_PASSWORD",
    },
  },
  examples: [
    {
      command: "cryptlet key create host-key.json --password host-key.password",
      says: "A new account, whose address is printed.",
    },
  ],
  run: async ({ args, options, env, signal }) => {
    const { randomBytes } = await import("node:crypto");
    const { accountOf } = await import("../../adapters/evm/signers/keystore.ts");
    const { readPassword, writeKeyFile } = await import("../key/key-file.ts");
    const password = await readPassword({ file: options.password, env, signal });
    const draw = () => `0x${randomBytes(32).toString("hex")}`;
    let secret = draw();
    // One in 2^128 is no key.
    while (accountOf(secret) === null) secret = draw();
    return await writeKeyFile(args.file, secret, password);
  },
});
