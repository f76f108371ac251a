import { z } from "zod";
import type { ConfigFault } from "./rules.ts";

const names = z.array(z.string()).catch([]).default([]);
const hostSchema = z.object({
  host: z.string().optional().catch(undefined),
  members: z
    .array(z.object({ id: z.string().optional().catch(undefined) }).catch({ id: undefined }))
    .catch([])
    .default([]),
});
const feedSchema = z.object({
  members: names,
  threshold: z.number().optional().catch(undefined),
  group: z.boolean().optional().catch(undefined),
});

const twice = (list: readonly (string | undefined)[]): readonly string[] =>
  list.filter((name, index): name is string => name !== undefined && list.indexOf(name) !== index);

const hostFaults = ({ host, members }: z.output<typeof hostSchema>): ConfigFault[] => {
  const ids = members.map(({ id }) => id);
  return [
    ...twice(ids).map((name) => ({
      path: ["quorum", "members"],
      message: `${name} stands there twice`,
    })),
    ...(host !== undefined && !ids.includes(host)
      ? [{ path: ["quorum", "host"], message: `quorum.members has no ${host}` }]
      : []),
  ];
};

const feedFaults = (
  raw: unknown,
  index: number,
  host: z.output<typeof hostSchema> | null,
): ConfigFault[] => {
  const feed = feedSchema.safeParse(raw).data;
  if (!feed) return [];
  const at = ["feeds", index, "quorum"];
  if (!host) return [{ path: at, message: "needs the section quorum" }];
  const known = new Set(host.members.map(({ id }) => id));
  const { members, threshold } = feed;
  return [
    ...twice(members).map((name) => ({
      path: [...at, "members"],
      message: `${name} stands there twice`,
    })),
    ...members
      .filter((name) => !known.has(name))
      .map((name) => ({ path: [...at, "members"], message: `quorum.members has no ${name}` })),
    ...(host.host !== undefined && members.length > 0 && !members.includes(host.host)
      ? [{ path: [...at, "members"], message: `${host.host} is this host and not among them` }]
      : []),
    ...(threshold !== undefined && members.length > 0 && threshold > members.length
      ? [{ path: [...at, "threshold"], message: `there are ${members.length} members` }]
      : []),
    ...(feed.group === true && threshold === 1
      ? [{ path: [...at, "group"], message: "a group's threshold is 2 at least" }]
      : []),
    // Any two majorities share a member, whose enclave signs one statement of a round only.
    ...(threshold !== undefined && members.length > 0 && threshold * 2 <= members.length
      ? [
          {
            path: [...at, "threshold"],
            message: `must be more than half of ${members.length}, or two halves could sign two rounds`,
          },
        ]
      : []),
  ];
};

/** Rules between the quorum of the host and those of its feeds; faults of shape are the schema's. */
export const quorumFaults = (config: {
  readonly quorum?: unknown;
  readonly feeds: readonly { readonly quorum?: unknown }[];
}): ConfigFault[] => {
  const host = (config.quorum ?? null) === null ? null : hostSchema.safeParse(config.quorum).data;
  return [
    ...(host ? hostFaults(host) : []),
    ...config.feeds.flatMap(({ quorum }, index) =>
      (quorum ?? null) === null ? [] : feedFaults(quorum, index, host ?? null),
    ),
  ];
};
