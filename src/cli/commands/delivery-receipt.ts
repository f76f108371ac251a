import { defineCommand } from "../command.ts";

export const deliveryReceipt = defineCommand({
  name: "delivery receipt",
  group: "Use",
  summary: "Say what became of one round on all its chains",
  description:
    "One receipt for every contract that was promised the round. landed: final everywhere; partial: final on some " +
    "chains; missed: ended nowhere; pending: nowhere yet; unbound: no contract asked for it. Ends with 0 only for " +
    "landed and unbound, so that a script can wait for it.",
  arguments: [
    { name: "feed", help: "Name of the feed." },
    { name: "round", help: "Number of the round." },
  ],
  examples: [{ command: "cryptlet delivery receipt xau-usd 7", says: "A line per contract." }],
  exits: {
    3: "no such feed or round",
    5: "nothing answers at --url, or it has not landed everywhere",
  },
  run: async ({ args, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const { formatReceipt } = await import("../delivery-text.ts");
    const { readRoundNumber } = await import("../round-number.ts");
    const round = readRoundNumber(args.round);
    const { readChainTrouble } = await import("../chain-trouble.ts");
    const client = createFabricClient(global);
    const receipt = await client.feeds.receipt(args.feed, round, { signal });
    const trouble = await readChainTrouble(client, receipt.deliveries, { signal });
    const { feed, outcome, landed, asked } = receipt;
    const result = { data: receipt, text: formatReceipt(receipt, trouble, output.style) };
    if (outcome === "landed" || outcome === "unbound") return result;
    const failure = fabricError("ROUND_NOT_LANDED", { feed, round, outcome, landed, asked });
    return { ...result, failure };
  },
});
