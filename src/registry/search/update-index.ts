import { isFabricError } from "../../core/errors/fabric-error.ts";
import type { CryptletId } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../../crypto/bytes.ts";
import { openCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { readLogEntry } from "../log-entry.ts";
import { verifyConsistency } from "../log-tree.ts";
import type { Registry } from "../registry.ts";
import { indexRelease } from "./index-release.ts";
import type { IndexCursor, RegistryIndex } from "./registry-index.ts";

/** Entries that are asked for at once, and packages of one transaction. */
const PAGE = 500;
const PACKAGES = 200;

/** Lets what waits have its turn: the database works on this thread. */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Whether what is in the index is the beginning of this log. */
const continues = async (
  registry: Registry,
  cursor: IndexCursor,
  now: Checkpoint,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  if (cursor.origin !== now.origin || cursor.size > now.size) return false;
  const range = { from: cursor.size, to: now.size };
  try {
    verifyConsistency({
      ...range,
      fromRoot: hexToBytes(cursor.root),
      toRoot: now.root,
      proof: await registry.consistencyProof(range, signal ? { signal } : {}),
    });
    return true;
  } catch (error) {
    if (isFabricError(error, "CONSISTENCY_PROOF_WRONG")) return false;
    throw error;
  }
};

/** Packages that entries speak of. */
const touchedNames = async (
  registry: Registry,
  range: { readonly from: number; readonly to: number },
  signal: AbortSignal | undefined,
): Promise<readonly CryptletId[]> => {
  const call = signal ? { signal } : {};
  const names = new Set<CryptletId>();
  for (let from = range.from; from < range.to;) {
    const entries = await registry.entries({ from, limit: Math.min(PAGE, range.to - from) }, call);
    for (const entry of entries) {
      const read = readLogEntry(entry);
      if (read.kind !== "publisher") names.add(read.statement.name);
      // Its name is shown with each of its packages.
      else if (read.statement.replaces !== null)
        for (const name of (await registry.publisher(read.statement.publisher, call))?.names ?? [])
          names.add(name);
    }
    if (entries.length === 0) break;
    from += entries.length;
  }
  return [...names];
};

/**
 * Bring an index to where the registry's log is now: packages that the new entries speak of are written again. A log that
 * does not continue what is in the index (another registry came to its place) is read from its beginning. A crash on the
 * way leaves packages that are newer than the cursor, and the next call writes them again.
 * Throws what the registry throws, and `CHECKPOINT_…` for a checkpoint that `verifier` did not sign.
 */
export const updateIndex = async (
  {
    registry,
    verifier,
    index,
  }: {
    readonly registry: Registry;
    /** Key of the registry's checkpoints. */
    readonly verifier: string;
    readonly index: RegistryIndex;
  },
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<IndexCursor> => {
  const call = signal ? { signal } : {};
  const now = openCheckpoint(await registry.checkpoint(call), verifier);
  const target = { origin: now.origin, size: now.size, root: bytesToHex(now.root) };
  const cursor = await index.cursor();
  const known = cursor !== null && (await continues(registry, cursor, now, signal));
  if (known && cursor.size === now.size) return cursor;
  if (cursor !== null && !known) await index.clear();
  const names = await touchedNames(
    registry,
    { from: known ? cursor.size : 0, to: now.size },
    signal,
  );
  for (let at = 0; at < names.length; at += PACKAGES) {
    signal?.throwIfAborted();
    const packages = await Promise.all(
      names.slice(at, at + PACKAGES).map(async (name) => {
        const releases = await registry.releases(name, call);
        return releases.map(indexRelease);
      }),
    );
    await index.put(packages, null);
    await breathe();
  }
  await index.put([], target);
  return target;
};
