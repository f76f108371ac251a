import { defineCommand } from "../command.ts";

export const webhookList = defineCommand({
  name: "webhook list",
  group: "Use",
  summary: "List webhooks with what waits and what was given up on",
  description: "The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  examples: [{ command: "cryptlet webhook list", says: "A line per webhook, oldest first." }],
  exits: {
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatWebhooks } = await import("../webhook-text.ts");
    const webhooks = await createFabricClient(global).webhooks.list({ signal });
    return { data: { webhooks }, text: formatWebhooks(webhooks) };
  },
});
