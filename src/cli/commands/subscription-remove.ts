import { defineCommand } from "../command.ts";

export const subscriptionRemove = defineCommand({
  name: "subscription remove",
  group: "Use",
  summary: "Forget a subscription and its cursor",
  description:
    "The rounds stay. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "name", help: "Name of a subscription." }],
  examples: [
    { command: "cryptlet subscription remove billing", says: "Nobody reads it any more." },
  ],
  exits: {
    3: "no such subscription",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    await createFabricClient(global).subscriptions.remove(args.name, { signal });
    return { data: { removed: args.name }, text: `Removed ${args.name}.` };
  },
});
