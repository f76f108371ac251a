import { defineCommand } from "../command.ts";

export const keyCreate = defineCommand({
  name: "key create",
  group: "Operate",
  summary: "Make an account that pays for deliveries, or a publisher's key, in an encrypted file",
  description:
    "With --suite ed25519 it makes a publisher's key, which signs releases (cryptlet publish), in a file of our own form " +
    "(scrypt, AES-256-GCM), and prints the publisher's id. Else it draws a secp256k1 key and seals it under a password (Web3 Secret Storage version 3, scrypt), as " +
    "chains[].signer.keystore of the configuration reads it. The password comes from --password or from " +
    "CRYPTLET_KEY_PASSWORD, never from the command line. Only the account is printed. A file that is there is never " +
    "overwritten; the new one is for its owner alone (0600).",
  arguments: [{ name: "file", help: "The key file to write." }],
  options: {
    suite: {
      kind: "choice",
      value: "SUITE",
      choices: ["secp256k1", "ed25519"],
      default: "secp256k1",
      help: "secp256k1: an account; ed25519: a publisher's key",
    },
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
    {
      command: "cryptlet key create publisher.json --suite ed25519 --password publisher.password",
      says: "A new publisher's key, whose id is printed.",
    },
  ],
  run: async ({ args, options, env, signal }) => {
    if (options.suite === "ed25519") {
      const { createPublisherKey } = await import("../publish/create-publisher-key.ts");
      return await createPublisherKey(args.file, { password: options.password, env, signal });
    }
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
