import { defineCommand } from "../command.ts";

export const webhookReplay = defineCommand({
  name: "webhook replay",
  group: "Use",
  summary: "Send a webhook's dead calls again",
  description:
    "The same bytes under the same webhook-id, after the endpoint is mended; with --call that one alone, also when it was " +
    "delivered. The host must have a token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "id", help: "Id of a webhook." }],
  options: { call: { kind: "text", value: "CALL", help: "one call; default: every dead one" } },
  examples: [
    {
      command: "cryptlet webhook replay wh_7c9e6679-7425-40de-944b-e07fc1f90ae7",
      says: "Everything that was given up on.",
    },
  ],
  exits: {
    3: "no such webhook or call",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url",
  },
  run: async ({ args, options, global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const replayed = await createFabricClient(global).webhooks.replay(args.id, {
      signal,
      ...(options.call === undefined ? {} : { call: options.call }),
    });
    return { data: { replayed }, text: `Put back ${replayed} calls.` };
  },
});
