import { z } from "zod";
import { batchFaults } from "./batch-rules.ts";
import { quorumFaults } from "./quorum-rules.ts";

/** One thing that is wrong, with where. */
export interface ConfigFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Names that a fault offers as choice. */
const MAX_SHOWN = 8;
const text = z.string().optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const listOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .array(z.object(shape).catch(() => z.object(shape).parse({})))
    .catch([])
    .default([]);

/**
 * The parts that the rules look at, read so loosely that the rules also run over a file with other faults:
 * everything that is wrong is said at once.
 */
const looseSchema = z.object({
  broker: z.unknown().optional(),
  quorum: z.unknown().optional(),
  cryptlets: listOf({ package: text, release: text, id: text, secrets: z.unknown().optional() }),
  packages: z
    .object({ registries: z.array(z.unknown()).optional() })
    .catch({})
    .default({}),
  chains: listOf({ name: text }),
  chainReads: listOf({ chain: text }),
  batches: listOf({ id: text }),
  feeds: listOf({
    id: text,
    cryptlet: text,
    intervalMs: number,
    heartbeatMs: number,
    validForMs: number,
    quorum: z.unknown().optional(),
  }),
  bindings: listOf({ feed: text, chain: text, contract: text }),
  providers: z
    .object({ mode: text, emulator: z.unknown().optional() })
    .catch({ mode: undefined, emulator: undefined })
    .default({ mode: undefined, emulator: undefined }),
});
type Loose = z.output<typeof looseSchema>;

const duplicates = (
  section: keyof Loose,
  field: string,
  names: readonly (string | undefined)[],
): ConfigFault[] => {
  const first = new Map<string, number>();
  const faults: ConfigFault[] = [];
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else
      faults.push({
        path: [section, index, field],
        message: `${name} is already at ${section}[${earlier}]`,
      });
  }
  return faults;
};

/** Every value of `field` in `section` must be one of `known`, which are the names in `target`. */
const unknownNames = (
  [section, field]: readonly [keyof Loose, string],
  names: readonly (string | undefined)[],
  [target, known]: readonly [keyof Loose, readonly (string | undefined)[]],
): ConfigFault[] => {
  const set = new Set(known);
  const shown = known.filter((name) => name !== undefined).slice(0, MAX_SHOWN);
  const choice = shown.length > 0 ? `, only ${shown.join(", ")}` : "";
  return names.flatMap((name, index) =>
    name === undefined || set.has(name)
      ? []
      : [{ path: [section, index, field], message: `${target} has no ${name}${choice}` }],
  );
};

/** Last part of a path, on either kind of slash. */
const folderName = (folder: string | undefined): string | undefined =>
  folder?.split(/[/\\]/).findLast((part) => part !== "");

const feedRules = (feed: Loose["feeds"][number], index: number): ConfigFault[] => {
  const faults: ConfigFault[] = [];
  const { intervalMs, heartbeatMs, validForMs } = feed;
  if (intervalMs !== undefined && heartbeatMs !== undefined && heartbeatMs < intervalMs)
    faults.push({
      path: ["feeds", index, "heartbeatMs"],
      message: `must be at least intervalMs (${intervalMs})`,
    });
  if (validForMs !== undefined && heartbeatMs !== undefined && validForMs < heartbeatMs)
    faults.push({
      path: ["feeds", index, "validForMs"],
      message: `must be at least heartbeatMs (${heartbeatMs}), or the value goes stale between two rounds`,
    });
  return faults;
};

/** A secret that is with a broker needs one. */
const brokerRules = ({ broker, cryptlets }: Loose): ConfigFault[] =>
  (broker ?? null) !== null
    ? []
    : cryptlets.flatMap(({ secrets }, index) =>
        Object.entries(typeof secrets === "object" && secrets ? secrets : {}).flatMap(
          ([name, value]: [string, unknown]) =>
            typeof value === "object" && value && "$broker" in value
              ? [
                  {
                    path: ["cryptlets", index, "secrets", name],
                    message: "is with a key broker, and broker names none",
                  },
                ]
              : [],
        ),
      );

/** A release needs a registry to come from. */
const releaseRules = ({ cryptlets, packages }: Loose): ConfigFault[] =>
  (packages.registries?.length ?? 0) > 0
    ? []
    : cryptlets.flatMap(({ release }, index) =>
        release === undefined
          ? []
          : [
              {
                path: ["cryptlets", index, "release"],
                message: "is a release, and packages.registries names no registry",
              },
            ],
      );

/** Rules between fields. Runs over any input; faults of shape are the schema's. */
export const crossFieldFaults = (raw: unknown): ConfigFault[] => {
  const parsed = looseSchema.safeParse(raw);
  if (!parsed.success) return [];
  const { cryptlets, chains, chainReads, feeds, batches, bindings, providers } = parsed.data;
  const cryptletIds = cryptlets.map(
    (cryptlet) => cryptlet.id ?? cryptlet.release?.split("@")[0] ?? folderName(cryptlet.package),
  );
  const feedIds = feeds.map((feed) => feed.id);
  const chainNames = chains.map((chain) => chain.name);
  const pairs = bindings.map(({ feed, chain, contract }) =>
    feed === undefined || chain === undefined
      ? undefined
      : `${feed} at ${contract?.toLowerCase() ?? "?"} on ${chain}`,
  );
  return [
    ...duplicates("cryptlets", "id", cryptletIds),
    ...duplicates("chains", "name", chainNames),
    ...duplicates(
      "chainReads",
      "chain",
      chainReads.map(({ chain }) => chain),
    ),
    ...duplicates("feeds", "id", feedIds),
    ...duplicates("bindings", "feed", pairs),
    ...unknownNames(
      ["feeds", "cryptlet"],
      feeds.map((feed) => feed.cryptlet),
      ["cryptlets", cryptletIds],
    ),
    ...brokerRules(parsed.data),
    ...releaseRules(parsed.data),
    ...quorumFaults(parsed.data),
    ...feeds.flatMap(feedRules),
    ...batchFaults(raw),
    ...unknownNames(
      ["bindings", "feed"],
      bindings.map((binding) => binding.feed),
      ["feeds", [...feedIds, ...batches.map(({ id }) => id)]],
    ),
    ...unknownNames(
      ["bindings", "chain"],
      bindings.map((binding) => binding.chain),
      ["chains", chainNames],
    ),
    ...(providers.mode === "emulated" && (providers.emulator ?? null) === null
      ? [{ path: ["providers", "emulator"], message: "is needed when providers.mode is emulated" }]
      : []),
  ];
};
