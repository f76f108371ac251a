import { defineCommand } from "../command.ts";

export const feedWatch = defineCommand({
  name: "feed watch",
  group: "Use",
  summary: "Follow a feed: one line per round as it is committed",
  description:
    "Prints every round once and in order, over lost connections too: the host replays what was missed. " +
    "With --json each line is one JSON object. Runs until it is interrupted or --count rounds came.",
  arguments: [{ name: "feed", help: "Name of the feed, for example xau-usd." }],
  options: {
    after: {
      kind: "integer",
      value: "ROUND",
      help: "begin after this round; 0 replays all",
      minimum: 0,
      maximum: 0xffff_ffff,
    },
    count: {
      kind: "integer",
      value: "NUMBER",
      help: "end after so many rounds",
      minimum: 1,
      maximum: 1_000_000,
    },
  },
  examples: [
    { command: "cryptlet feed watch xau-usd", says: "Each new gold price." },
    {
      command: "cryptlet feed watch xau-usd --after 0 --json",
      says: "The whole history, then what follows, one JSON line each.",
    },
  ],
  exits: { 3: "no such feed", 5: "nothing answers at --url" },
  run: async ({ args, options, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatValue } = await import("../round-text.ts");
    const { formatTime } = await import("../duration.ts");
    const client = createFabricClient(global);
    const feed = await client.feeds.get(args.feed, { signal });
    const start = options.after === undefined ? {} : { afterRound: options.after };
    let seen = 0;
    for await (const round of client.feeds.watch(feed.id, { ...start, signal })) {
      const { mode, observedAt, envelopeDigest } = round;
      const mark = round.simulated ? " SIMULATED" : "";
      output.event(
        round,
        `${formatTime(observedAt)}  round ${round.round}  ${formatValue(round, feed)}  ${mode}${mark}  ${envelopeDigest}`,
      );
      seen += 1;
      if (seen === options.count) break;
    }
    return undefined;
  },
});
