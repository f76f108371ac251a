import { defineCommand } from "../command.ts";

const STATUSES = ["prepared", "submitted", "included", "final", "superseded", "failed"] as const;

export const deliveryList = defineCommand({
  name: "delivery list",
  group: "Use",
  summary: "List deliveries of rounds to contracts",
  description:
    "Newest change first. A delivery is one round of one feed on its way to one contract: prepared (stored, signed), " +
    "submitted (broadcast), included (in a block), final (at the depth that the chain asks for), superseded (a newer " +
    "round was there first) or failed (with a code). Only final means landed.",
  options: {
    feed: { kind: "text", value: "FEED", help: "only this feed's" },
    round: {
      kind: "integer",
      value: "NUMBER",
      help: "only this round's",
      minimum: 1,
      maximum: 0xffff_ffff,
    },
    chain: { kind: "text", value: "CHAIN", help: "only those to this chain" },
    status: {
      kind: "choice",
      value: "STATUS",
      choices: STATUSES,
      help: "only those in this status",
    },
    limit: {
      kind: "integer",
      value: "NUMBER",
      help: "how many",
      minimum: 1,
      maximum: 1_000,
      default: 20,
    },
  },
  examples: [
    { command: "cryptlet delivery list --status failed", says: "What needs a person." },
    { command: "cryptlet delivery list --feed xau-usd --json", says: "The same as one document." },
  ],
  exits: { 5: "nothing answers at --url" },
  run: async ({ options, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatDeliveries } = await import("../delivery-text.ts");
    const { feed, round, chain, status, limit } = options;
    const deliveries = await createFabricClient(global).deliveries.list({
      signal,
      limit,
      ...(feed === undefined ? {} : { feed }),
      ...(round === undefined ? {} : { round }),
      ...(chain === undefined ? {} : { chain }),
      ...(status === undefined ? {} : { status }),
    });
    const text = formatDeliveries(deliveries, Date.now(), output.style);
    return { data: { deliveries }, text };
  },
});
