import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { parseManifest } from "../../../enclave-sim/host/read-package.ts";
import { createFabricClient } from "../../client/fabric-client.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema } from "../../core/ids.ts";
import { verifyInclusion } from "../../envelope/merkle-tree.ts";
import { openCheckpoint } from "../../registry/checkpoint.ts";
import type { DeployedFeed } from "../../registry/interface/deployed-feed.ts";
import { printSolidityInterface } from "../../registry/interface/print-solidity-interface.ts";
import { printTypescriptInterface } from "../../registry/interface/print-typescript-interface.ts";
import { openRegistry, type OpenedRegistry } from "../../registry/open-registry.ts";
import { parseReleaseName } from "../../registry/release-name.ts";
import type { ReleaseRecord } from "../../registry/registry.ts";
import { indexRelease } from "../../registry/search/index-release.ts";
import { preferredRelease } from "../../registry/search/package-document.ts";
import type { CommandResult, GlobalOptions } from "../command.ts";
import type { Style } from "../style.ts";
import { readLatestValues, tryLatestValues, type LatestValue } from "./latest-values.ts";
import { registryLocation } from "./registry-location.ts";
import { describeRelease, formatRelease, type ReleaseProof } from "./show-text.ts";

type Manifest = CryptletPackage["manifest"];

/** What `cryptlet show` was told. */
export interface ShowOptions {
  readonly registry: string | undefined;
  readonly registryKey: string | undefined;
  readonly values: boolean;
  readonly solidity: boolean;
  readonly typescript: boolean;
  readonly global: Pick<GlobalOptions, "url" | "token">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly style: Style;
  readonly signal: AbortSignal;
}

/** The release that the words mean: the one that they name, else the newest that stands. Throws `RELEASE_UNKNOWN`. */
const chooseRelease = (text: string, releases: readonly ReleaseRecord[]): ReleaseRecord => {
  const version = text.includes("@")
    ? parseReleaseName(text).version
    : preferredRelease(releases.map(indexRelease))?.version;
  const found = releases.find((release) => release.version === version);
  if (found) return found;
  throw fabricError("RELEASE_UNKNOWN", { release: text.slice(0, 140) });
};

/** Whether the release stands in the log: the checkpoint's signature, and the proof below it. */
const proveRelease = async (
  { registry, claimedKey }: OpenedRegistry,
  release: ReleaseRecord,
  { registryKey, signal }: Pick<ShowOptions, "registryKey" | "signal">,
): Promise<ReleaseProof> => {
  const key = registryKey ?? claimedKey;
  const { origin, size, root } = openCheckpoint(await registry.checkpoint({ signal }), key);
  const { position, leaf } = release.entry;
  verifyInclusion({
    leaf: new TextEncoder().encode(leaf),
    index: position,
    size,
    root,
    proof: await registry.inclusionProof({ position, size }, { signal }),
  });
  return { origin, size, position, key, given: registryKey !== undefined };
};

const addressesOf = (values: readonly LatestValue[]): readonly DeployedFeed[] => {
  const seen = new Set<string>();
  return values.flatMap(({ manifestFeed, feedHash, contracts }) =>
    contracts.flatMap(({ chainId, address }) => {
      const place = `${manifestFeed} ${chainId}`;
      // Feeds with other parameters are one feed of the manifest: the first of a chain stands in the header.
      if (manifestFeed === null || seen.has(place)) return [];
      seen.add(place);
      return [{ feed: manifestFeed, feedHash, chainId, address }];
    }),
  );
};

/** Throws `BLOB_…`, `PACKAGE_INVALID`. */
const manifestOf = async (
  { registry }: OpenedRegistry,
  { statement, name, version }: ReleaseRecord,
  signal: AbortSignal,
): Promise<Manifest> =>
  parseManifest(
    await registry.blob(statement.files.manifest.digest, { signal }),
    `${name}@${version}`,
  );

/**
 * The command's whole work. Throws `RELEASE_NAME_INVALID`, `RELEASE_UNKNOWN`, `CHECKPOINT_…`, `INCLUSION_PROOF_WRONG`,
 * `INTERFACE_ADDRESSES_INVALID` and what the registry throws.
 */
export const showPackage = async (text: string, options: ShowOptions): Promise<CommandResult> => {
  const { solidity, typescript, global, style, signal } = options;
  if (solidity && typescript)
    throw fabricError("USAGE_INVALID", { fault: "--solidity and --typescript print one each" });
  const name = cryptletIdSchema.safeParse(text.split("@", 1)[0]);
  if (!name.success) throw fabricError("RELEASE_NAME_INVALID", { text: text.slice(0, 140) });
  const { source, token } = registryLocation(options.registry, options);
  const opened = await openRegistry(source, { token, signal });
  try {
    const releases = await opened.registry.releases(name.data, { signal });
    const release = chooseRelease(text, releases);
    const proof = await proveRelease(opened, release, options);
    const manifest = await manifestOf(opened, release, signal);
    const at = Date.now();
    const { statement } = release;
    const client = createFabricClient(global);
    const asked = options.values
      ? await tryLatestValues(() =>
          readLatestValues(client, { statement, manifest }, { at, signal }),
        )
      : { values: null, reason: null };
    if (solidity || typescript) {
      // What was asked for by its name and cannot be had is no header without addresses.
      if (options.values && asked.values === null)
        throw fabricError("CLIENT_UNREACHABLE", { url: global.url, reason: asked.reason ?? "" });
      const print = solidity ? printSolidityInterface : printTypescriptInterface;
      const code = print(manifest, { addresses: addressesOf(asked.values ?? []) });
      const language = solidity ? "solidity" : "typescript";
      return { data: { name: release.name, version: release.version, language, code }, text: code };
    }
    const shown = { release, releases, proof, manifest, ...asked, host: global.url };
    return { data: describeRelease(shown), text: formatRelease(shown, at, style) };
  } finally {
    await opened.registry.close();
  }
};
