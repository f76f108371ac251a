import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const feedGet = defineCommand({
  name: "feed get",
  group: "Use",
  summary: "Show the latest value of a feed, its round and its age",
  description:
    "Prints the latest round, or the one named by --round. A latest round past its validUntil is printed too, " +
    "but the command then ends with 15, so that a script cannot use it by mistake. Nothing is verified here: " +
    "cryptlet envelope verify does that.",
  arguments: [{ name: "feed", help: "Name of the feed, for example xau-usd." }],
  options: {
    round: {
      kind: "integer",
      value: "NUMBER",
      help: "a past round; its age is not judged",
      minimum: 1,
      maximum: 0xffff_ffff,
    },
  },
  examples: [
    { command: "cryptlet feed get xau-usd", says: "The latest gold price." },
    {
      command: "cryptlet feed get xau-usd --json | jq -r .data.answer",
      says: "The answer alone, as an integer in the feed's decimals.",
    },
  ],
  exits: {
    3: "no such feed or round",
    5: "nothing answers at --url",
    15: "the latest round is past its validUntil",
  },
  run: async ({ args, options, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatRound, judgeAge } = await import("../round-text.ts");
    const { formatTime } = await import("../duration.ts");
    const client = createFabricClient(global);
    const feed = await client.feeds.get(args.feed, { signal });
    const round = await (options.round === undefined
      ? client.feeds.latest(feed.id, { signal })
      : client.feeds.round(feed.id, options.round, { signal }));
    const now = Date.now();
    const { ageMs, stale } = judgeAge(round, now);
    const { decimals, unit } = feed;
    const result = {
      data: { ...round, decimals, unit, ageMs, stale },
      text: formatRound(round, feed, now, output.style),
    };
    if (!stale || options.round !== undefined) return result;
    const validUntil = formatTime(round.validUntil);
    const failure = fabricError("FEED_STALE", { feed: feed.id, round: round.round, validUntil });
    return { ...result, failure };
  },
});
