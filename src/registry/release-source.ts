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
  /** Read on in every registry. A registry that cannot be reached is logged; one that lies throws, after the others. */
  sync(call?: { readonly signal?: AbortSignal }): Promise<void>;
  /** As of the last sync; what its publisher revoked in one registry is revoked. */
  standing(
    name: ReleaseName,
    release: { readonly release: Digest; readonly publisher: Digest },
  ): ReleaseStanding;
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

  /** In the registries' order, those that know the release, each with what its log says of it. */
  const findAll = ({ name, version }: ReleaseName) =>
    followed.flatMap((one) => {
      const { known } = one.follower;
      const found = known?.state.release(name, version);
      return known && found ? [{ one, known, found }] : [];
    });

  const standing: ReleaseSource["standing"] = (name, { release, publisher }) => {
    // In a registry that is open to everyone a stranger may publish the same bytes, and revoke what is his there.
    const said = findAll(name).flatMap(({ found }) =>
      found.release === release && found.publisher === publisher ? [found] : [],
    );
    return {
      deprecated: said.find(({ deprecated }) => deprecated)?.deprecated ?? null,
      revoked: said.find(({ revoked }) => revoked)?.revoked ?? null,
    };
  };

  /** The first that the policy accepts: who took the name in another registry keeps nothing from running. */
  const findAccepted = (asked: ReleaseName) => {
    let refusal: unknown = null;
    for (const { one, known, found } of findAll(asked)) {
      const entry = known.entries.get(found.position);
      const read = entry ? readLogEntry(entry) : null;
      if (read?.kind !== "publish") continue;
      const { statement } = read;
      try {
        judgeRelease({ statement, publisher: found.publisher }, accept);
      } catch (error) {
        refusal ??= error;
        continue;
      }
      return { one, known, found, statement };
    }
    if (refusal !== null) throw refusal;
    const fault = followed.find((each) => each.fault !== null)?.fault;
    if (fault instanceof Error) throw fault;
    throw fabricError("RELEASE_UNKNOWN", { release: `${asked.name}@${asked.version}` });
  };

  return {
    standing,
    sync: async ({ signal } = {}) => {
      let lie: { readonly error: unknown } | null = null;
      for (const one of followed)
        try {
          await syncOne(one, signal);
        } catch (error) {
          signal?.throwIfAborted();
          // One that lies must not keep what another says from being heard.
          lie ??= { error };
        }
      if (lie) throw lie.error;
    },
    resolve: async (asked, { signal } = {}) => {
      const { one, known, found, statement } = findAccepted(asked);
      const { deprecated, revoked } = standing(asked, found);
      if (revoked)
        throw fabricError("RELEASE_REVOKED", {
          release: `${asked.name}@${asked.version}`,
          reason: revoked.reason,
        });
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
