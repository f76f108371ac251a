import { z } from "zod";
import type { ConfigFault } from "./rules.ts";

const text = z.string().optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const list = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.object(shape).catch(() => z.object(shape).parse({})))
    .catch([])
    .default([]);

const looseSchema = z.object({
  feeds: list({ id: text, cryptlet: text, quorum: z.unknown().optional() }),
  batches: list({
    id: text,
    feeds: z.array(z.unknown()).catch([]).default([]),
    intervalMs: number,
    heartbeatMs: number,
  }),
  bindings: list({ feed: text, form: text }),
});
type Loose = z.output<typeof looseSchema>;

const memberFaults = ({ feeds }: Loose, members: readonly unknown[], at: number): ConfigFault[] => {
  const byId = new Map(feeds.map((feed) => [feed.id, feed]));
  const [first] = members.flatMap((name) => {
    const feed = typeof name === "string" ? byId.get(name) : undefined;
    return feed ? [feed] : [];
  });
  return members.flatMap((name, place): ConfigFault[] => {
    const path = ["batches", at, "feeds", place];
    if (typeof name !== "string") return [];
    const feed = byId.get(name);
    if (!feed) return [{ path, message: `feeds has no ${name}` }];
    if (members.indexOf(name) < place) return [{ path, message: `${name} stands there twice` }];
    if (feed.cryptlet !== first?.cryptlet)
      return [{ path, message: `${name} is not of Cryptlet ${first?.cryptlet ?? "?"}` }];
    if ((feed.quorum ?? null) !== null)
      return [{ path, message: `${name} is signed by several hosts, a batch by one` }];
    return [];
  });
};

/** Rules of batches and of the forms in which contracts get them. */
export const batchFaults = (raw: unknown): ConfigFault[] => {
  const parsed = looseSchema.safeParse(raw);
  if (!parsed.success) return [];
  const { feeds, batches, bindings } = parsed.data;
  const feedIds = new Set(feeds.map(({ id }) => id));
  const batchIds = new Set(batches.map(({ id }) => id));
  return [
    ...batches.flatMap(({ id, feeds: members, intervalMs, heartbeatMs }, at): ConfigFault[] => [
      ...(id !== undefined && feedIds.has(id)
        ? [{ path: ["batches", at, "id"], message: `${id} is the name of a feed` }]
        : []),
      ...(id !== undefined && batches.findIndex((batch) => batch.id === id) < at
        ? [{ path: ["batches", at, "id"], message: `${id} is the name of another batch` }]
        : []),
      ...(intervalMs !== undefined && heartbeatMs !== undefined && heartbeatMs < intervalMs
        ? [
            {
              path: ["batches", at, "heartbeatMs"],
              message: `must be at least intervalMs (${intervalMs})`,
            },
          ]
        : []),
      ...memberFaults(parsed.data, members, at),
    ]),
    ...bindings.flatMap(({ feed, form = "single" }, at): ConfigFault[] => {
      const isOfBatch = batchIds.has(feed);
      if (isOfBatch === (form !== "single")) return [];
      const message = isOfBatch
        ? "a batch is bound in the form stored, packed or root"
        : "a feed is bound in the form single";
      return [{ path: ["bindings", at, "form"], message }];
    }),
  ];
};
