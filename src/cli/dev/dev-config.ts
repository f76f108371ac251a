import { writeFile } from "node:fs/promises";
import path from "node:path";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { parseConfig } from "../../core/config/load-config.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import type { Secret } from "../../core/config/secret.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema, type FeedHash } from "../../core/ids.ts";
import { computeFeedHash } from "../../envelope/feed-hash.ts";
import type { DevChain } from "./dev-chain.ts";
import type { SourcesConfig } from "./dev-sources.ts";
import type { DevVars } from "./dev-vars.ts";

type Manifest = CryptletPackage["manifest"];
type FeedManifest = Manifest["feeds"][number];

/** Name of every session's fabric: part of the feeds' hashes, so that contracts stay when the code changes. */
export const DEV_FABRIC = "dev";
const CHAIN = "local";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Stands for a secret's value where recordings answer, which nobody checks. */
const PLACEHOLDER = "recorded-sources-need-no-secret";

/** A package in a folder of the session. */
export interface PlacedPackage {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Everything that a host is started with. */
export interface DevHost {
  /** Temporary folder of the session. */
  readonly folder: string;
  readonly own: PlacedPackage;
  /** Cryptlets that it may call. */
  readonly others: readonly PlacedPackage[];
  readonly feeds: readonly FeedManifest[];
  /** Contract by feed; empty without a chain. */
  readonly contracts: ReadonlyMap<string, string>;
  readonly chain: DevChain | null;
  readonly sources: SourcesConfig & { readonly mode: string };
  readonly vars: DevVars;
  readonly parameters: unknown;
  readonly configuration: unknown;
  readonly every: number | undefined;
  readonly speed: number;
  /** Raw X25519 public key in hex that can open the transcripts. */
  readonly auditor: string;
  readonly port: number;
}

/** The feeds of the manifest that a session serves. Throws `FEED_NOT_IN_MANIFEST`. */
export const chosenFeeds = (
  manifest: Manifest,
  names: readonly string[],
): readonly FeedManifest[] => {
  const unknown = names.find((name) => !manifest.feeds.some(({ id }) => id === name));
  if (unknown !== undefined)
    throw fabricError("FEED_NOT_IN_MANIFEST", {
      feed: unknown,
      cryptlet: manifest.id,
      name: unknown,
      declared: manifest.feeds.map(({ id }) => id).join(", "),
    });
  return names.length === 0
    ? manifest.feeds
    : manifest.feeds.filter(({ id }) => names.includes(id));
};

/** @see computeFeedHash */
export const devFeedHash = (manifest: Manifest, feed: string, parameters: unknown): FeedHash =>
  computeFeedHash({
    fabric: fabricIdSchema.parse(DEV_FABRIC),
    cryptlet: cryptletIdSchema.parse(manifest.id),
    feed: feedIdSchema.parse(feed),
    parameters,
  });

/** Values of the secrets that a manifest names. Throws `DEV_SECRETS_MISSING` where live sources would check them. */
const secretsOf = (
  { id, capabilities }: Manifest,
  { vars, sources }: Pick<DevHost, "vars" | "sources">,
): ReadonlyMap<string, Secret | string> => {
  const values = new Map<string, Secret | string>();
  const missing: string[] = [];
  for (const { name, optional } of capabilities.secrets) {
    const value = vars.get(name);
    if (value) values.set(name, value);
    else if (sources.mode === "recorded") values.set(name, PLACEHOLDER);
    else if (!optional) missing.push(name);
  }
  if (missing.length > 0)
    throw fabricError("DEV_SECRETS_MISSING", { names: missing.join(", "), cryptlet: id });
  return values;
};

/** How often a feed runs, how long it may be silent, and how far a value's use goes: market ms. */
const scheduleOf = ({ every, speed }: Pick<DevHost, "every" | "speed">) => {
  const pace = Math.max(1, speed);
  const intervalMs = Math.min(DAY_MS, (every ?? 10 * pace) * 1_000);
  // A value has to be fresh for as long as somebody looks at it, however fast the clock goes.
  const heartbeatMs = Math.min(30 * DAY_MS, Math.max(MINUTE_MS * pace, 2 * intervalMs));
  // The chain's clock goes on where the market's stands still: what is signed then must not have expired there.
  const validForMs = Math.max(DAY_MS, 2 * heartbeatMs);
  // The smallest change there is: whoever develops wants to see each one.
  return { intervalMs, heartbeatMs, deviationPpm: 1, validForMs };
};

/** The configuration of the session's host. Secrets go by reference, as in earnest. Throws `DEV_SECRETS_MISSING`, `CONFIG_INVALID`. */
export const makeDevConfig = async (host: DevHost): Promise<FabricConfig> => {
  const { folder, own, others, feeds, contracts, chain, sources, parameters } = host;
  const env: Record<string, string> = {};
  const cryptlets = [own, ...others].map(({ folder: place, manifest }, at) => {
    const secrets: Record<string, { $env: string }> = {};
    for (const [name, value] of secretsOf(manifest, host)) {
      const variable = `DEV_${at}_${name}`;
      env[variable] = typeof value === "string" ? value : value.reveal();
      secrets[name] = { $env: variable };
    }
    const configuration = at === 0 ? host.configuration : null;
    return { package: place, id: manifest.id, secrets, configuration };
  });
  const { emulator } = sources;
  const caFile = path.join(folder, "sources-ca.pem");
  if (emulator) await writeFile(caFile, emulator.caPem);
  if (chain) env["DEV_CHAIN_KEY"] = chain.hostKey;
  const readChains = new Map(
    [own, ...others].flatMap(({ manifest }) =>
      manifest.capabilities.chains.map(({ chain: name, chainId }) => [name, chainId] as const),
    ),
  );
  const bound = chain ? feeds.filter(({ id }) => contracts.has(id)) : [];
  return parseConfig(
    {
      fabric: DEV_FABRIC,
      dataDirectory: "data",
      api: { port: host.port },
      providers: emulator
        ? {
            mode: "emulated",
            emulator: { address: emulator.address, port: emulator.port, caFile },
          }
        : { mode: "live" },
      enclave: { insecureAllowSimulated: true },
      transcripts: { keep: "all", auditors: [host.auditor] },
      cryptlets,
      chainReads: [...readChains].flatMap(([name, chainId]) => {
        const endpoint = sources.chainEndpoint(name);
        return endpoint === null ? [] : [{ chain: name, chainId, endpoints: [endpoint] }];
      }),
      chains: chain
        ? [
            {
              name: CHAIN,
              kind: "evm",
              rpcUrl: chain.url,
              chainId: chain.chainId,
              finality: { kind: "depth", depth: 1 },
              signer: { privateKey: { $env: "DEV_CHAIN_KEY" } },
            },
          ]
        : [],
      feeds: feeds.map(({ id }) => ({
        id,
        cryptlet: own.manifest.id,
        feed: id,
        parameters,
        ...scheduleOf(host),
      })),
      bindings: bound.map(({ id }) => ({
        feed: id,
        chain: CHAIN,
        contract: contracts.get(id),
      })),
    },
    { env, base: folder },
  );
};
