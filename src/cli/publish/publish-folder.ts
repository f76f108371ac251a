import { existsSync } from "node:fs";
import path from "node:path";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { describeCapability } from "../../registry/capability-list.ts";
import { isRegistryFolder, makeFolderRegistry } from "../../registry/open-folder-registry.ts";
import { isRegistryUrl, openRegistry, type OpenedRegistry } from "../../registry/open-registry.ts";
import { publishRelease, type Publication } from "../../registry/publish-release.ts";
import type { ReleaseInput } from "../../registry/prepare-release.ts";
import type { CommandResult } from "../command.ts";
import type { Style } from "../style.ts";
import { collectRelease } from "./collect-release.ts";
import { installedTools } from "./installed-tools.ts";
import { registryToken } from "../registry/registry-location.ts";
import { readPublisherKey } from "./registry-key.ts";

/** What `cryptlet publish` was told. */
export interface PublishOptions {
  readonly registry: string;
  readonly key: string;
  readonly password: string | undefined;
  readonly publisher: string | undefined;
  readonly source: string | undefined;
  readonly create: boolean;
  readonly approveCapabilities: boolean;
  readonly allowSimilarName: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly style: Style;
  readonly signal: AbortSignal;
}

const openFor = async (
  name: string,
  { registry, create, allowSimilarName, env, signal }: PublishOptions,
): Promise<OpenedRegistry> => {
  if (isRegistryUrl(registry)) {
    if (create || allowSimilarName)
      throw fabricError("USAGE_INVALID", {
        fault: "--create and --allow-similar-name are for a registry in a folder of your own",
      });
    return openRegistry(registry, { token: registryToken(env), signal });
  }
  if (create && !isRegistryFolder(registry)) await makeFolderRegistry(registry);
  return openRegistry(registry, {
    signal,
    rules: allowSimilarName ? { allowedNames: [name] } : {},
  });
};

/** What a host's operator copies into his configuration to run it. */
const acceptance = (
  { claimedKey }: OpenedRegistry,
  registry: string,
  publisher: string,
  { cryptlet }: Omit<ReleaseInput, "previous">,
  capabilities: readonly string[],
) => ({
  packages: {
    registries: [
      { source: isRegistryUrl(registry) ? registry : path.resolve(registry), key: claimedKey },
    ],
    accept: [{ names: cryptlet.manifest.id, publisher, capabilities }],
  },
  cryptlets: [{ release: `${cryptlet.manifest.id}@${cryptlet.manifest.version}` }],
});

const tell = (
  published: Publication,
  facts: {
    readonly measurement: string;
    readonly publisher: string;
    /** A name that was given and not taken. */
    readonly ignoredName: string | null;
    readonly capabilities: readonly string[];
    readonly sources: number;
    readonly registry: OpenedRegistry;
    readonly configuration: unknown;
  },
  style: Style,
): string => {
  const { name, version, position, repeated, added } = published;
  const isNew = new Set(added);
  const { origin, claimedKey } = facts.registry;
  return [
    `${style.bold(`${name}@${version}`)}  ${repeated ? "was published before, the same" : "published"}, entry ${position} of ${origin}`,
    `release      ${published.release}`,
    `measurement  ${facts.measurement}`,
    `publisher    ${facts.publisher}${published.newPublisher ? ", new here" : ""}`,
    ...(facts.ignoredName === null
      ? []
      : [
          style.warn(
            `             "${facts.ignoredName}" is not taken: the first publication named it`,
          ),
        ]),
    facts.sources > 0
      ? `sources      ${facts.sources} files by their digests`
      : style.warn("sources      none: nobody can tell what it was built from (--source)"),
    "",
    facts.capabilities.length === 0 ? "It may touch nothing." : "It may touch:",
    ...facts.capabilities.map(
      (line) =>
        `  ${line}  ${style.dim(describeCapability(line))}${isNew.has(line) ? style.warn("  new") : ""}`,
    ),
    "",
    `The registry's checkpoint key is ${claimedKey}`,
    "A host runs it with this in its configuration:",
    JSON.stringify(facts.configuration, null, 2),
  ].join("\n");
};

/** The command's whole work. Throws what `collectRelease`, `readPublisherKey`, `openRegistry` and `publishRelease` throw. */
export const publishFolder = async (
  folder: string,
  options: PublishOptions,
): Promise<CommandResult> => {
  const { signal, style } = options;
  if (!existsSync(folder)) throw fabricError("SOURCE_FOLDER_MISSING", { path: folder });
  // A wrong password is told before minutes of building.
  const key = await readPublisherKey(options.key, options);
  const collected = await collectRelease(folder, { source: options.source, signal });
  const { manifest } = collected.cryptlet;
  const input = { ...collected, tools: await installedTools(manifest.lane) };
  const opened = await openFor(manifest.id, options);
  const { registry } = opened;
  try {
    const { keyid } = key.record;
    const published = await publishRelease(registry, input, {
      key,
      displayName: options.publisher ?? `Publisher ${keyid.slice(7, 15)}`,
      approveCapabilities: options.approveCapabilities,
      signal,
    });
    const release = await registry.release(published.name, published.version, { signal });
    const capabilities = release?.statement.capabilities ?? [];
    const publisher = release?.publisher ?? keyid;
    const publisherName = release?.publisherName ?? "";
    const wanted = options.publisher ?? publisherName;
    const { measurement, sources } = input;
    const configuration = acceptance(opened, options.registry, publisher, input, capabilities);
    const { name, version, position, repeated, added, newPublisher, checkpoint } = published;
    const text = tell(
      published,
      {
        measurement,
        publisher: `${publisher} (${publisherName})`,
        ignoredName: wanted === publisherName ? null : wanted,
        capabilities,
        sources: sources.length,
        registry: opened,
        configuration,
      },
      style,
    );
    return {
      data: {
        name,
        version,
        release: published.release,
        measurement,
        publisher,
        publisherName,
        newPublisher,
        position,
        repeated,
        capabilities,
        added,
        sources: sources.length,
        registry: { source: options.registry, origin: opened.origin, key: opened.claimedKey },
        checkpoint,
        configuration,
      },
      text,
    };
  } finally {
    await registry.close();
  }
};
