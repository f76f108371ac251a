import { defineCommand } from "../command.ts";

export const webhookRemove = defineCommand({
  name: "webhook remove",
  group: "Use",
  summary: "Remove a webhook with its calls",
  description:
    "Nothing more is sent, what waits included. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a webhook." }],
  examples: [
    {
      command: "cryptlet webhook remove wh_7c9e6679-7425-40de-944b-e07fc1f90ae7",
      says: "It is gone, and its secret with it.",
    },
  ],
  exits: {
    3: "no such webhook",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    await createFabricClient(global).webhooks.remove(args.id, { signal });
    return { data: { removed: args.id }, text: `Removed ${args.id}.` };
  },
});
