import path from "node:path";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId, Digest } from "../core/ids.ts";
import { digestHex } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { digestOf } from "../crypto/hashes.ts";
import { openLogFollower, type LogFollower } from "./log-follower.ts";
import { readLogEntry } from "./log-entry.ts";
import { openRelease } from "./open-release.ts";
import { openRegistry } from "./open-registry.ts";
import { judgeRelease, type AcceptRule } from "./package-policy.ts";
import { filesOf, type PackageStatement } from "./package-statement.ts";
import { readStored, storeFile } from "./registry-folder.ts";
import type { Registry, ReleaseMark } from "./registry.ts";
import type { ReleaseName } from "./release-name.ts";

/** A registry that a host relies on. */
export interface TrustedRegistry {
  /** Folder or URL; a mirror is as good as the registry itself. */
  readonly source: string;
  /** Its checkpoint key, known from elsewhere. */
  readonly key: string;
}

/** A release that was verified whole and accepted; its measurement is checked where it is loaded. */
export interface VerifiedRelease {
  readonly cryptlet: CryptletPackage;
  readonly statement: PackageStatement;
  readonly release: Digest;
  readonly publisher: Digest;
  readonly publisherName: string;
  /** Checkpoint key of the registry whose log holds it. */
  readonly registryKey: string;
  readonly position: number;
  readonly deprecated: ReleaseMark | null;
}

/** What a registry's log says now about a release in use. */
export interface ReleaseStanding {
  readonly deprecated: ReleaseMark | null;
  readonly revoked: ReleaseMark | null;
}

/** Releases for a host: from registries the first time, from its own disk afterwards. */
export interface ReleaseSource {
  /**
   * A release that the policy accepts. Throws `RELEASE_UNKNOWN`, `RELEASE_REVOKED`, `RELEASE_NOT_ACCEPTED`, `BLOB_…`,
   * `RELEASE_CONTRADICTS`, and why no registry could be read where nothing is known of it.
   */
  resolve(name: ReleaseName, call?: { readonly signal?: AbortSignal }): Promise<VerifiedRelease>;
  /** Read on in every registry. A registry that cannot be reached is logged; one that lies throws. */
  sync(call?: { readonly signal?: AbortSignal }): Promise<void>;
  /** As of the last sync; revoked in one registry is revoked. */
  standing(name: ReleaseName, release: Digest): ReleaseStanding;
  close(): Promise<void>;
}

interface Followed {
  readonly trusted: TrustedRegistry;
  readonly follower: LogFollower;
  registry: Registry | null;
  /** Why the last sync did not end well. */
  fault: unknown;
}

/** Faults of reaching a registry; every other fault of a sync means that what it answers is wrong. */
const isUnreachable = (error: unknown): boolean =>
  isFabricError(error) && (error.kind === "unavailable" || error.code === "REGISTRY_UNKNOWN");

/**
 * Open the registries that a host relies on. Files are kept under `directory` by digest, with what is known of each log:
 * a release that was used once is used again without a registry.
 */
export const openReleaseSource = async (options: {
  readonly directory: string;
  readonly registries: readonly TrustedRegistry[];
  readonly accept: readonly AcceptRule[];
  /** Names whose releases will be asked for. */
  readonly names: readonly CryptletId[];
  readonly log: Log;
}): Promise<ReleaseSource> => {
  const { directory, registries, accept, names, log } = options;
  const drafts = path.join(directory, "drafts");
  const blobFile = (digest: Digest) =>
    path.join(directory, "blobs", digestHex(digest).slice(0, 2), digestHex(digest));
  const followed: Followed[] = await Promise.all(
    registries.map(async (trusted) => {
      const id = digestHex(digestOf(new TextEncoder().encode(trusted.key)));
      const file = path.join(directory, "logs", `${id}.json`);
      return {
        trusted,
        follower: await openLogFollower({ file, key: trusted.key, names }),
        registry: null,
        fault: null,
      };
    }),
  );

  const reach = async (one: Followed, signal: AbortSignal | undefined): Promise<Registry> => {
    one.registry ??= (await openRegistry(one.trusted.source, signal ? { signal } : {})).registry;
    return one.registry;
  };

  const syncOne = async (one: Followed, signal: AbortSignal | undefined): Promise<void> => {
    const { source } = one.trusted;
    one.fault = null;
    try {
      const ahead = await one.follower.sync(await reach(one, signal), signal ? { signal } : {});
      if (!ahead) log.warn("a registry is behind what it showed before", { registry: source });
    } catch (error) {
      signal?.throwIfAborted();
      one.fault = error;
      if (!isUnreachable(error)) throw error;
      log.warn("a registry cannot be reached; what is known of it counts", {
        registry: source,
        error,
      });
    }
  };

  const fetchBlob = async (
    digest: Digest,
    one: Followed,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> => {
    const file = blobFile(digest);
    const kept = await readStored(file, Number.MAX_SAFE_INTEGER).catch(() => null);
    if (kept && digestOf(kept) === digest) return kept;
    const registry = await reach(one, signal);
    const bytes = await registry.blob(digest, signal ? { signal } : {});
    if (digestOf(bytes) !== digest) throw fabricError("BLOB_WRONG", { digest });
    await storeFile(drafts, file, bytes, { mode: 0o600 });
    return bytes;
  };

  const find = ({ name, version }: ReleaseName): Followed | null =>
    followed.find(({ follower }) => follower.known?.state.release(name, version)) ?? null;

  const standing = ({ name, version }: ReleaseName, release: Digest): ReleaseStanding => {
    const said = followed.flatMap(({ follower }) => {
      const found = follower.known?.state.release(name, version);
      return found?.release === release ? [found] : [];
    });
    return {
      deprecated: said.find(({ deprecated }) => deprecated)?.deprecated ?? null,
      revoked: said.find(({ revoked }) => revoked)?.revoked ?? null,
    };
  };

  return {
    standing,
    sync: async ({ signal } = {}) => {
      for (const one of followed) await syncOne(one, signal);
    },
    resolve: async (asked, { signal } = {}) => {
      const text = `${asked.name}@${asked.version}`;
      const one = find(asked);
      const known = one?.follower.known;
      const found = known?.state.release(asked.name, asked.version);
      if (!one || !known || !found) {
        const fault = followed.find((each) => each.fault !== null)?.fault;
        if (fault instanceof Error) throw fault;
        throw fabricError("RELEASE_UNKNOWN", { release: text });
      }
      const { deprecated, revoked } = standing(asked, found.release);
      if (revoked) throw fabricError("RELEASE_REVOKED", { release: text, reason: revoked.reason });
      const entry = known.entries.get(found.position);
      const read = entry ? readLogEntry(entry) : null;
      if (read?.kind !== "publish") throw fabricError("RELEASE_UNKNOWN", { release: text });
      const { statement } = read;
      judgeRelease({ statement, publisher: found.publisher }, accept);
      const blobs = new Map<Digest, Uint8Array>();
      for (const { file } of filesOf(statement))
        blobs.set(file.digest, await fetchBlob(file.digest, one, signal));
      return {
        cryptlet: openRelease(statement, blobs),
        statement,
        release: found.release,
        publisher: found.publisher,
        publisherName: known.state.publisher(found.publisher)?.displayName ?? "",
        registryKey: one.trusted.key,
        position: found.position,
        deprecated,
      };
    },
    close: async () => {
      for (const { registry } of followed) await registry?.close();
    },
  };
};
