import { defineCommand } from "../command.ts";

export const subscriptionSeek = defineCommand({
  name: "subscription seek",
  group: "Use",
  summary: "Move a subscription's cursor, so that rounds come again or are left out",
  description:
    "Whoever reads begins anew from there. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "name", help: "Name of a subscription." }],
  options: {
    to: {
      kind: "text",
      value: "START",
      help: "now, beginning, a time such as 2026-05-01T16:00:00Z, or a round such as xau-usd:7",
      required: true,
    },
  },
  examples: [
    {
      command: "cryptlet subscription seek billing --to xau-usd:7",
      says: "Round 7 of the gold price, and all that came after it, once more.",
    },
  ],
  exits: {
    3: "no such subscription, feed or round",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { readStartFrom } = await import("../start-from.ts");
    const { formatSubscriptions } = await import("../subscription-text.ts");
    const to = readStartFrom("to", options.to);
    const moved = await createFabricClient(global).subscriptions.seek(args.name, to, { signal });
    return { data: moved, text: formatSubscriptions([moved]) };
  },
});
