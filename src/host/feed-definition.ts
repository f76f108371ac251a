import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { bindingsOf, type Binding } from "../bindings/binding.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, type FeedHash, type FeedId } from "../core/ids.ts";
import { computeFeedHash } from "../envelope/feed-hash.ts";
import type { FeedManifest, Manifest } from "../sdk/manifest.ts";
import type { FeedSummary } from "./fabric.ts";

type FeedConfig = FabricConfig["feeds"][number];

/** A configured feed beside what its Cryptlet's manifest says about it. */
export interface FeedDefinition {
  readonly config: FeedConfig;
  readonly id: FeedId;
  readonly hash: FeedHash;
  readonly manifest: FeedManifest;
  readonly bindings: readonly Binding[];
}

/** Join configuration and manifest. Throws `FEED_NOT_IN_MANIFEST`, `FEED_NOT_BINDABLE`. */
export const defineFeed = (
  config: FabricConfig,
  feed: FeedConfig,
  manifest: Manifest,
): FeedDefinition => {
  const declared = manifest.feeds.find(({ id }) => id === feed.feed);
  if (!declared)
    throw fabricError("FEED_NOT_IN_MANIFEST", {
      feed: feed.id,
      cryptlet: manifest.id,
      name: feed.feed,
      declared: manifest.feeds.map(({ id }) => id).join(", "),
    });
  const bindings = bindingsOf(config.bindings, feed.id);
  if (declared.kind === "record" && bindings.length > 0)
    throw fabricError("FEED_NOT_BINDABLE", { feed: feed.id });
  const hash = computeFeedHash({
    fabric: config.fabric,
    cryptlet: cryptletIdSchema.parse(manifest.id),
    feed: feed.id,
    parameters: feed.parameters,
  });
  return { config: feed, id: feed.id, hash, manifest: declared, bindings };
};

/** The feed as the API tells it. */
export const summarizeFeed = (
  feed: FeedDefinition,
  cryptlet: LoadedCryptlet,
  latestRound: number,
): FeedSummary => ({
  id: feed.id,
  hash: feed.hash,
  cryptlet: cryptletIdSchema.parse(cryptlet.id),
  kind: feed.manifest.kind,
  decimals: feed.manifest.kind === "decimal" ? feed.manifest.decimals : null,
  unit: feed.manifest.kind === "decimal" ? feed.manifest.unit : null,
  description: feed.manifest.description,
  heartbeatMs: feed.config.heartbeatMs,
  deviationPpm: feed.config.deviationPpm,
  intervalMs: feed.config.intervalMs,
  bindings: feed.bindings.map(({ chain, contract }) => ({ chain, contract })),
  latestRound,
});
