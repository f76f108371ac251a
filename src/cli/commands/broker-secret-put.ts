import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const brokerSecretPut = defineCommand({
  name: "broker secret put",
  group: "Operate",
  summary: "Seal a secret in the broker's vault, under a policy that says who gets it",
  description:
    "Reads the value from a file or from standard input, never from the command line, which others can see. One line " +
    "end after it is cut off. The policy is JSON: appraisal, cryptlets, measurements or publishers, hosts, notAfter. A " +
    "running broker uses the new value at once; the one before is gone.",
  arguments: [{ name: "name", help: "Name of the secret, for example crm-token." }],
  options: {
    value: {
      kind: "text",
      value: "FILE",
      help: "file with the value, - for standard input",
      default: "-",
    },
    policy: {
      kind: "text",
      value: "FILE",
      help: "JSON file with the secret's policy",
      required: true,
    },
  },
  examples: [
    {
      command: "cryptlet broker secret put crm-token --value token.txt --policy crm-token.json",
      says: "From a file.",
    },
  ],
  exits: { 3: "a file cannot be read", 11: "the vault was sealed under another key" },
  run: async ({ args, options, global, env, signal }) => {
    const { readInput } = await import("../read-input.ts");
    const { parseStrictJson } = await import("../../envelope/strict-json.ts");
    const { parseSecretPolicy } = await import("../../key-broker/secret-policy.ts");
    const { MAX_SECRET_BYTES } = await import("../../key-broker/vault.ts");
    const { readSecretName, withVault } = await import("../broker-source.ts");
    const name = readSecretName(args.name);
    const limit = 65_536;
    const text = await readInput(options.policy, { limit, signal });
    const policy = parseSecretPolicy(parseStrictJson(text, { limit, what: options.policy }));
    const bytes = await readInput(options.value, { limit: MAX_SECRET_BYTES, signal });
    const value =
      bytes.at(-1) === 0x0a ? bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1) : bytes;
    if (value.length === 0) throw fabricError("USAGE_INVALID", { fault: "the value is empty" });
    const entry = await withVault(global, env, (vault) => vault.put(name, value, policy));
    return {
      data: entry,
      text: `Sealed ${entry.name}, version ${entry.version}, for ${policy.cryptlets.join(", ")} on ${policy.hosts.join(", ")}.`,
    };
  },
});
