import { defineCommand } from "../command.ts";

export const webhookResume = defineCommand({
  name: "webhook resume",
  group: "Use",
  summary: "Go on with a webhook that was stopped",
  description:
    "An endpoint that answers 410 is sent nothing more. What waited meanwhile is sent now. The host must have a token " +
    "(api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a webhook." }],
  examples: [
    {
      command: "cryptlet webhook resume wh_7c9e6679-7425-40de-944b-e07fc1f90ae7",
      says: "The endpoint is back.",
    },
  ],
  exits: {
    3: "no such webhook",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatWebhooks } = await import("../webhook-text.ts");
    const webhook = await createFabricClient(global).webhooks.resume(args.id, { signal });
    return { data: webhook, text: formatWebhooks([webhook]) };
  },
});
