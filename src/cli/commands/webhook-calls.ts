import { defineCommand } from "../command.ts";

export const webhookCalls = defineCommand({
  name: "webhook calls",
  group: "Use",
  summary: "List a webhook's calls: delivered, waiting, or given up on",
  description:
    "Newest change first. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a webhook." }],
  options: {
    status: {
      kind: "choice",
      choices: ["waiting", "delivered", "dead"],
      help: "only those in this state",
      value: "STATUS",
    },
    limit: {
      kind: "integer",
      value: "NUMBER",
      help: "how many",
      minimum: 1,
      maximum: 100,
      default: 20,
    },
  },
  examples: [
    {
      command: "cryptlet webhook calls wh_7c9e6679-7425-40de-944b-e07fc1f90ae7 --status dead",
      says: "What every try failed for.",
    },
  ],
  exits: {
    3: "no such webhook",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatWebhookCalls } = await import("../webhook-text.ts");
    const { status, limit } = options;
    const calls = await createFabricClient(global).webhooks.calls(args.id, {
      signal,
      limit,
      ...(status === undefined ? {} : { status }),
    });
    return { data: { calls }, text: formatWebhookCalls(calls) };
  },
});
