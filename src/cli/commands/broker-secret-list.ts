import { defineCommand } from "../command.ts";

export const brokerSecretList = defineCommand({
  name: "broker secret list",
  group: "Operate",
  summary: "List the broker's secrets with their policies, never their values",
  description: "Reads the vault of the broker's configuration; the broker may run meanwhile.",
  examples: [
    { command: "cryptlet broker secret list --json", says: "Every field of every policy." },
  ],
  run: async ({ global, env }) => {
    const { withVault } = await import("../broker-source.ts");
    const { formatTable } = await import("../table.ts");
    const secrets = await withVault(global, env, (vault) => vault.list());
    const rows = secrets.map(({ name, version, policy, revokedAt }) => [
      name,
      String(version),
      revokedAt === null
        ? `until ${policy.notAfter}`
        : `revoked ${new Date(revokedAt).toISOString()}`,
      policy.appraisal,
      policy.cryptlets.join(" "),
      policy.hosts.join(" "),
    ]);
    return {
      data: { secrets },
      text:
        rows.length === 0
          ? "The vault holds no secret."
          : formatTable(["Secret", "Version", "State", "Appraisal", "Cryptlets", "Hosts"], rows),
    };
  },
});
