import { defineCommand } from "../command.ts";

export const deliveryShow = defineCommand({
  name: "delivery show",
  group: "Use",
  summary: "Show one delivery with everything that happened to it",
  description:
    "Prints where it stands, its transaction, its last error with the way out, and its history, oldest first. The id " +
    "stands in cryptlet delivery list: feed, round, chain and contract.",
  arguments: [{ name: "id", help: "Id of a delivery." }],
  examples: [
    {
      command: "cryptlet delivery show xau-usd:7:local:0x5fbdb2315678afecb367f032d93f642f64180aa3",
      says: "Round 7 of the gold price on the chain `local`.",
    },
  ],
  exits: { 3: "no such delivery", 5: "nothing answers at --url" },
  run: async ({ args, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatDelivery } = await import("../delivery-text.ts");
    const { readChainTrouble } = await import("../chain-trouble.ts");
    const client = createFabricClient(global);
    const delivery = await client.deliveries.get(args.id, { signal });
    const trouble = await readChainTrouble(client, [delivery], { signal });
    return { data: delivery, text: formatDelivery(delivery, trouble, output.style) };
  },
});
