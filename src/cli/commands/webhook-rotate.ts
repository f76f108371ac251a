import { defineCommand } from "../command.ts";

export const webhookRotate = defineCommand({
  name: "webhook rotate",
  group: "Use",
  summary: "Give a webhook a new secret",
  description:
    "Prints it, this once. Until the overlap is over every call is signed with the new secret and the one before, so that " +
    "the receiver changes when it likes. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a webhook." }],
  options: {
    overlapHours: {
      kind: "integer",
      value: "HOURS",
      help: "how long the secret before signs too; 0 when it leaked",
      minimum: 0,
      maximum: 720,
      default: 24,
    },
  },
  examples: [
    {
      command: "cryptlet webhook rotate wh_7c9e6679-7425-40de-944b-e07fc1f90ae7",
      says: "A day for the receiver to change.",
    },
  ],
  exits: {
    3: "no such webhook",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatWebhookSecret } = await import("../webhook-text.ts");
    const overlapMs = options.overlapHours * 3_600_000;
    const webhook = await createFabricClient(global).webhooks.rotate(args.id, {
      signal,
      overlapMs,
    });
    return { data: webhook, text: formatWebhookSecret(webhook) };
  },
});
