import path from "node:path";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import {
  openReleaseSource,
  type ReleaseSource,
  type VerifiedRelease,
} from "../registry/release-source.ts";

type CryptletEntry = FabricConfig["cryptlets"][number];

/** A package that the configuration names, as far as it can be judged before it is loaded. */
export interface OpenedPackage {
  readonly entry: CryptletEntry;
  readonly found: Awaited<ReturnType<typeof readPackage>>;
  /** Null for a plain folder. */
  readonly release: VerifiedRelease | null;
}

/**
 * Releases of the configured registries, which are read on once; null where the configuration names no release.
 * Throws what `ReleaseSource.sync` throws.
 */
export const openConfiguredReleases = async (
  config: FabricConfig,
  { log, signal }: { readonly log: Log; readonly signal?: AbortSignal },
): Promise<ReleaseSource | null> => {
  const names = config.cryptlets.flatMap(({ release }) => (release ? [release.name] : []));
  if (names.length === 0) return null;
  const { registries, accept } = config.packages;
  const directory = path.join(config.dataDirectory, "packages");
  const source = await openReleaseSource({ directory, registries, accept, names, log });
  try {
    await source.sync(signal ? { signal } : {});
  } catch (error) {
    await source.close();
    throw error;
  }
  return source;
};

/**
 * One package: a release that the policy accepts, or a plain folder where plain folders are allowed.
 * Throws `PACKAGE_FOLDER_REFUSED`, `CRYPTLET_ID_DIFFERS` and what `readPackage` and `ReleaseSource.resolve` throw.
 */
export const openCryptletPackage = async (
  config: FabricConfig,
  entry: CryptletEntry,
  releases: ReleaseSource | null,
  call: { readonly signal?: AbortSignal } = {},
): Promise<OpenedPackage> => {
  const { id, package: folder, release: name } = entry;
  let opened: OpenedPackage;
  if (name !== null) {
    if (!releases)
      throw fabricError("RELEASE_UNKNOWN", { release: `${name.name}@${name.version}` });
    const release = await releases.resolve(name, call);
    opened = { entry, found: release.cryptlet, release };
  } else {
    if (folder === null || config.packages.folders === "refuse")
      throw fabricError("PACKAGE_FOLDER_REFUSED", { cryptlet: id });
    opened = { entry, found: await readPackage(folder), release: null };
  }
  const actual = opened.found.manifest.id;
  if (actual === id) return opened;
  const directory = name === null ? path.basename(folder ?? "") : `${name.name}@${name.version}`;
  throw fabricError("CRYPTLET_ID_DIFFERS", { directory, actual, expected: id });
};

/** The same for a command that opens one package and ends. Throws what both above throw. */
export const openOnePackage = async (
  config: FabricConfig,
  entry: CryptletEntry,
  options: { readonly log: Log; readonly signal?: AbortSignal },
): Promise<OpenedPackage> => {
  const call = options.signal ? { signal: options.signal } : {};
  const releases =
    entry.release === null
      ? null
      : await openConfiguredReleases({ ...config, cryptlets: [entry] }, options);
  try {
    return await openCryptletPackage(config, entry, releases, call);
  } finally {
    await releases?.close();
  }
};

/** An operator learns at each start which of his packages nobody's signature stands behind (docs/decisions/0058). */
export const warnOfFolders = ({ cryptlets }: FabricConfig, log: Log): void => {
  const folders = cryptlets.flatMap(({ id, release }) => (release ? [] : [id]));
  if (folders.length === 0) return;
  log.warn("packages from plain folders: nobody's signature stands behind them", {
    cryptlets: folders,
    refuseThem: "packages.folders",
  });
};
