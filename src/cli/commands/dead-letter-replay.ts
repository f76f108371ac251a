import { defineCommand } from "../command.ts";

export const deadLetterReplay = defineCommand({
  name: "dead-letter replay",
  group: "Operate",
  summary: "Put a dead letter back on the bus",
  description:
    "Publishes the same bytes on the same subject again, after the reason is mended. Consumers that had applied the " +
    "message do nothing; the one that gave up tries again. The host must have a token (api.token), given here in " +
    "CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a dead letter." }],
  examples: [
    {
      command: "cryptlet dead-letter replay ROUNDS_DEMO:deliver-local:12",
      says: "What cryptlet dead-letter list named.",
    },
  ],
  exits: {
    3: "no such dead letter",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url, or the bus does not",
  },
  run: async ({ args, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatDeadLetters } = await import("../dead-letter-text.ts");
    const letter = await createFabricClient(global).deadLetters.replay(args.id, { signal });
    return { data: letter, text: formatDeadLetters([letter]) };
  },
});
