import { bindingsOf } from "../bindings/binding.ts";
import type { BatchSettings } from "../core/config/batch-settings.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, type FeedId } from "../core/ids.ts";
import { computeBatchHash } from "../envelope/batch-members.ts";
import type { Manifest } from "../sdk/manifest.ts";
import type { FeedDefinition } from "./feed-definition.ts";

/** A configured batch beside the feeds it is made of. */
export interface BatchDefinition {
  readonly settings: BatchSettings;
  /** In the order of their places. */
  readonly members: readonly FeedDefinition[];
  /** The batch as the feed that it is for everybody else. */
  readonly feed: FeedDefinition;
}

/** The batches whose members a Cryptlet serves; the first member says which. */
export const batchesOf = (
  config: FabricConfig,
  feeds: readonly FeedDefinition[],
): readonly BatchSettings[] => {
  const own = new Set<FeedId>(feeds.map(({ id }) => id));
  return config.batches.filter(({ feeds: [first] }) => first !== undefined && own.has(first));
};

/** Join a batch with its members, decimal feeds of one Cryptlet. Throws `BATCH_MEMBER_MISSING`. */
export const defineBatch = (
  config: FabricConfig,
  settings: BatchSettings,
  { manifest, feeds }: { readonly manifest: Manifest; readonly feeds: readonly FeedDefinition[] },
): BatchDefinition => {
  const cryptlet = cryptletIdSchema.parse(manifest.id);
  const members = settings.feeds.map((name) => {
    const member = feeds.find(({ id }) => id === name);
    const missing = (reason: string) =>
      fabricError("BATCH_MEMBER_MISSING", { batch: settings.id, feed: name, reason });
    if (!member) throw missing(`no feed of Cryptlet ${cryptlet}`);
    if (member.manifest.kind !== "decimal") throw missing("a record, which has no on-chain form");
    return member;
  });
  const hashes = members.map(({ hash }) => hash);
  const { id, intervalMs, heartbeatMs } = settings;
  return {
    settings,
    members,
    feed: {
      config: {
        id,
        cryptlet,
        feed: "batch",
        parameters: { batch: hashes },
        intervalMs,
        heartbeatMs,
        deviationPpm: null,
        // Of its members' own times the earliest counts; this is what the summary of a feed shows.
        validForMs: Math.max(heartbeatMs, ...members.map((member) => member.config.validForMs)),
        quorum: null,
      },
      id,
      hash: computeBatchHash({ fabric: config.fabric, cryptlet, feed: id, members: hashes }),
      manifest: {
        id,
        kind: "record",
        description: `batch of ${members.length} feeds`,
        minSources: 1,
        fields: null,
      },
      bindings: bindingsOf(config.bindings, id),
    },
  };
};
