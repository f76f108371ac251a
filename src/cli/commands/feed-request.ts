import { defineCommand } from "../command.ts";

export const feedRequest = defineCommand({
  name: "feed request",
  group: "Use",
  summary: "Run a feed now and print the round",
  description:
    "Asks the host for one run, outside the feed's schedule, and waits for the committed round. The same --key again is the " +
    "same request and gives the same answer, also after the host died in between: nothing runs twice. The host must have a " +
    "token (api.token), given here in CRYPTLET_API_TOKEN.",
  arguments: [{ name: "feed", help: "Name of the feed, for example xau-usd." }],
  options: {
    key: { kind: "text", value: "KEY", help: "stands for this request; default: one of its own" },
    maxAge: {
      kind: "integer",
      value: "SECONDS",
      help: "a round that was issued no longer ago than this is the answer without a run",
      minimum: 0,
      maximum: 31_536_000,
    },
  },
  examples: [
    { command: "cryptlet feed request xau-usd", says: "The gold price of this moment." },
    {
      command: "cryptlet feed request xau-usd --max-age 60 --key invoice-4711",
      says: "One of the last minute will do, and it stays the answer for this invoice.",
    },
  ],
  exits: {
    3: "no such feed",
    4: "no token, a wrong one, or a host without one",
    5: "nothing answers at --url, the queue is full, or the run found too few sources",
  },
  run: async ({ args, options, global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatRound } = await import("../round-text.ts");
    const client = createFabricClient(global);
    const feed = await client.feeds.get(args.feed, { signal });
    const { key, maxAge } = options;
    const { round, made } = await client.request(feed.id, {
      signal,
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(maxAge === undefined ? {} : { maxAgeMs: maxAge * 1_000 }),
    });
    return { data: { ...round, made }, text: formatRound(round, feed, Date.now(), output.style) };
  },
});
