import { defineCommand } from "../command.ts";

export const deliveryRetry = defineCommand({
  name: "delivery retry",
  group: "Use",
  summary: "Try a failed delivery again",
  description:
    "Puts it back to its beginning: the same signed round, checked against the chain again, with a new transaction. It " +
    "never makes or changes a value. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a failed delivery." }],
  examples: [
    {
      command: "cryptlet delivery retry xau-usd:7:local:0x5fbdb2315678afecb367f032d93f642f64180aa3",
      says: "Once more; cryptlet delivery show follows it.",
    },
  ],
  exits: {
    3: "no such delivery",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatDelivery } = await import("../delivery-text.ts");
    const { readChainTrouble } = await import("../chain-trouble.ts");
    const client = createFabricClient(global);
    const delivery = await client.deliveries.retry(args.id, { signal });
    const trouble = await readChainTrouble(client, [delivery], { signal });
    return { data: delivery, text: formatDelivery(delivery, trouble, output.style) };
  },
});
