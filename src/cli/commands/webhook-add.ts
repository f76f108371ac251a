import { defineCommand } from "../command.ts";

export const webhookAdd = defineCommand({
  name: "webhook add",
  group: "Use",
  summary: "Send a feed's rounds to an HTTPS endpoint, signed",
  description:
    "Every round of the feeds is posted to the URL as Standard Webhooks describes, until it is answered with 2xx or given " +
    "up on. Prints the secret that the receiver checks calls with, this once. Addresses that are not of the public internet " +
    "are refused unless the host allows them (webhooks.allowPrivateAddresses). The host must have a token (api.token), " +
    "given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "url", help: "Where rounds are posted to." }],
  options: {
    feed: { kind: "list", value: "FEED", help: "a feed whose rounds are sent; repeatable" },
    from: {
      kind: "text",
      value: "START",
      help: "now, beginning, a time such as 2026-05-01T16:00:00Z, or a round such as xau-usd:7",
      default: "now",
    },
    description: { kind: "text", value: "TEXT", help: "for people" },
  },
  examples: [
    {
      command: "cryptlet webhook add https://backend.example.com/rounds --feed xau-usd",
      says: "Each new gold price, from now on.",
    },
  ],
  exits: {
    3: "no such feed or round",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url, or the endpoint's name is unknown",
  },
  run: async ({ args, options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { fabricError } = await import("../../core/errors/fabric-error.ts");
    const { readStartFrom } = await import("../start-from.ts");
    const { formatWebhookSecret } = await import("../webhook-text.ts");
    const { feed: feeds, description = "" } = options;
    if (feeds.length === 0) throw fabricError("FLAG_MISSING", { flag: "--feed" });
    const from = readStartFrom("from", options.from);
    const webhook = await createFabricClient(global).webhooks.add(
      { url: args.url, feeds, description, from },
      { signal },
    );
    return { data: webhook, text: formatWebhookSecret(webhook) };
  },
});
