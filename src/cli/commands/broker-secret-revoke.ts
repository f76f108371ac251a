import { defineCommand } from "../command.ts";

export const brokerSecretRevoke = defineCommand({
  name: "broker secret revoke",
  group: "Operate",
  summary: "Destroy a secret: the broker releases it to nobody any more",
  description:
    "Removes the sealed value from the vault; its policy and its events stay. Enclaves that hold the value already keep " +
    "it until their Cryptlet is loaded again, so change the credential at its provider too.",
  arguments: [{ name: "name", help: "Name of the secret." }],
  examples: [{ command: "cryptlet broker secret revoke crm-token", says: "From now on." }],
  exits: { 3: "the vault has no such secret" },
  run: async ({ args, global, env }) => {
    const { readSecretName, withVault } = await import("../broker-source.ts");
    const name = readSecretName(args.name);
    const entry = await withVault(global, env, (vault) => vault.revoke(name));
    return { data: entry, text: `Revoked ${entry.name}.` };
  },
});
