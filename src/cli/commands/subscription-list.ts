import { defineCommand } from "../command.ts";

export const subscriptionList = defineCommand({
  name: "subscription list",
  group: "Use",
  summary: "List subscriptions: where their cursors stand and who reads",
  description:
    "A subscription is a named cursor over feeds that moves only on acknowledgement. One that is acknowledged long ago " +
    "while rounds wait has lost its consumer. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  examples: [{ command: "cryptlet subscription list", says: "A line per subscription." }],
  exits: {
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatSubscriptions } = await import("../subscription-text.ts");
    const subscriptions = await createFabricClient(global).subscriptions.list({ signal });
    return { data: { subscriptions }, text: formatSubscriptions(subscriptions) };
  },
});
