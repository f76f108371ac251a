import { defineCommand } from "../command.ts";

export const deadLetterList = defineCommand({
  name: "dead-letter list",
  group: "Operate",
  summary: "List messages that a consumer gave up on",
  description:
    "A message that cannot be handled (it does not verify, or every try failed) is put aside, so that it holds up " +
    "nobody. It is kept here with the reason until somebody looks, and can be put back with cryptlet dead-letter replay.",
  options: {
    all: { kind: "flag", help: "also those that were put back" },
    limit: {
      kind: "integer",
      value: "NUMBER",
      help: "how many",
      minimum: 1,
      maximum: 1_000,
      default: 20,
    },
  },
  examples: [{ command: "cryptlet dead-letter list", says: "Those that wait, newest first." }],
  exits: { 5: "nothing answers at --url" },
  run: async ({ options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatDeadLetters } = await import("../dead-letter-text.ts");
    const deadLetters = await createFabricClient(global).deadLetters.list({
      signal,
      waiting: !options.all,
      limit: options.limit,
    });
    return { data: { deadLetters }, text: formatDeadLetters(deadLetters) };
  },
});
