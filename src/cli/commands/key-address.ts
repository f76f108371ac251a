import { defineCommand } from "../command.ts";

export const keyAddress = defineCommand({
  name: "key address",
  group: "Operate",
  summary: "Say whose key a key file holds, by opening it",
  description:
    "Opens the file with its password and prints the account. What the file itself says of its account is no proof, so " +
    "it is not printed.",
  arguments: [{ name: "file", help: "A key file (Web3 Secret Storage version 3)." }],
  options: {
    password: {
      kind: "text",
      value: "FILE",
      help: "file with the password, - for standard input; default: CRYPTLET_KEY_PASSWORD",
    },
  },
  examples: [
    {
      command: "cryptlet key address host-key.json --password host-key.password",
      says: "The account that must be funded.",
    },
  ],
  exits: { 3: "a file cannot be read", 4: "the password does not open it" },
  run: async ({ args, options, env, signal }) => {
    const { openKeystore } = await import("../../adapters/evm/signers/keystore.ts");
    const { readKeyFile, readPassword } = await import("../key/key-file.ts");
    const { file } = args;
    const password = await readPassword({ file: options.password, env, signal });
    const text = await readKeyFile(file, signal);
    const { address } = await openKeystore({ text, password, file, expected: null });
    return { data: { file, address }, text: address };
  },
});
