import { defineCommand } from "../command.ts";

export const feedList = defineCommand({
  name: "feed list",
  group: "Use",
  summary: "List the feeds of a fabric",
  description:
    "Every feed that the fabric publishes, with its latest round and where it is delivered.",
  examples: [{ command: "cryptlet feed list --json", says: "The same as one JSON document." }],
  exits: { 5: "nothing answers at --url" },
  run: async ({ global, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatTable } = await import("../table.ts");
    const { formatDuration } = await import("../duration.ts");
    const feeds = await createFabricClient(global).feeds.list({ signal });
    const rows = feeds.map((feed) => [
      feed.id,
      String(feed.latestRound),
      feed.unit ?? feed.kind,
      formatDuration(feed.heartbeatMs),
      feed.deviationPpm === null ? "-" : `${feed.deviationPpm / 10_000} %`,
      feed.bindings.map(({ chain }) => chain).join(", ") || "-",
      feed.description,
    ]);
    const headings = ["feed", "round", "unit", "heartbeat", "deviation", "chains", "description"];
    const text = feeds.length === 0 ? "This fabric has no feeds." : formatTable(headings, rows);
    return { data: { feeds }, text };
  },
});
