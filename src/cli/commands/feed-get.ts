import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const feedGet = defineCommand({
  name: "feed get",
  group: "Use",
  summary: "Show the latest value of a feed, its round and its age",
  description:
    "Prints the latest round, the one named by --round, or the one that was valid at --at. A latest round past its validUntil is printed too, " +
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
    at: {
      kind: "time",
      value: "TIME",
      help: "the round that was valid then, for example 2026-05-01T16:00:00Z",
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
    3: "no such feed or round, or none was valid then",
    5: "nothing answers at --url",
    15: "the latest round is past its validUntil",
  },
  run: async ({ args, options, global, output, signal }) => {
    if (options.round !== undefined && options.at !== undefined)
      throw fabricError("USAGE_INVALID", { fault: "--round and --at exclude each other" });
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatRound, judgeAge } = await import("../round-text.ts");
    const { formatTime } = await import("../duration.ts");
    const client = createFabricClient(global);
    const feed = await client.feeds.get(args.feed, { signal });
    const read = () => {
      if (options.at !== undefined) return client.feeds.at(feed.id, options.at, { signal });
      return options.round === undefined
        ? client.feeds.latest(feed.id, { signal })
        : client.feeds.round(feed.id, options.round, { signal });
    };
    const round = await read();
    const now = Date.now();
    const { ageMs, stale } = judgeAge(round, now);
    const { decimals, unit } = feed;
    const result = {
      data: { ...round, decimals, unit, ageMs, stale },
      text: formatRound(round, feed, now, output.style),
    };
    const isPast = options.round !== undefined || options.at !== undefined;
    if (!stale || isPast) return result;
    const validUntil = formatTime(round.validUntil);
    const failure = fabricError("FEED_STALE", { feed: feed.id, round: round.round, validUntil });
    return { ...result, failure };
  },
});
