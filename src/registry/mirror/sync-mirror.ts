import { rm } from "node:fs/promises";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { openCheckpoint, type Checkpoint } from "../checkpoint.ts";
import type { FolderLog } from "../folder-log.ts";
import { withFolderLock } from "../folder-lock.ts";
import { hashLeaf, verifyConsistency, type LogTree } from "../log-tree.ts";
import { writeRegistryIdentity } from "../open-folder-registry.ts";
import { storeFile } from "../registry-folder.ts";
import type { LogEntry, Registry } from "../registry.ts";
import { copyRelease } from "./copy-release.ts";
import {
  openMirrorTarget,
  prepareMirrorTarget,
  readMirrorLog,
  type MirrorTarget,
} from "./mirror-target.ts";

/** Entries that are asked for at once. */
const PAGE = 100;

interface Call {
  readonly signal?: AbortSignal;
}

/** How far a copy has come. */
export interface MirrorProgress {
  /** Entries that are verified and on the disk. */
  readonly size: number;
  /** Entries of the source's log. */
  readonly of: number;
}

export interface MirrorOptions extends Call {
  readonly source: Registry;
  /** Where the copy is, or will be. */
  readonly folder: string;
  /** Key that the source's checkpoints must be signed with: `name+hash+key`. Null only where the folder knows it. */
  readonly verifier: string | null;
  readonly onProgress?: (progress: MirrorProgress) => void;
}

/** What a run did. */
export interface MirrorReport {
  readonly origin: string;
  readonly verifier: string;
  /** Entries before and after. */
  readonly from: number;
  readonly size: number;
  /** Files that were fetched, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

interface Run {
  readonly source: Registry;
  readonly target: MirrorTarget;
  readonly call: Call;
}

/** The source's log must go on from what is here. A source that shows less may only be behind, never another one. */
const checkContinues = async (
  { source, target, call }: Run,
  known: FolderLog,
  now: Checkpoint,
): Promise<void> => {
  const from = known.tree.size;
  if (now.size < from) {
    if (!bytesEqual(known.tree.rootAt(now.size), now.root))
      throw fabricError("CONSISTENCY_PROOF_WRONG", { from, to: now.size });
    throw fabricError("MIRROR_SOURCE_BEHIND", {
      folder: target.folder.root,
      known: from,
      size: now.size,
    });
  }
  verifyConsistency({
    from,
    fromRoot: known.tree.rootAt(from),
    to: now.size,
    toRoot: now.root,
    proof: from === 0 ? [] : await source.consistencyProof({ from, to: now.size }, call),
  });
};

/** The next entries, which stand under the signed root, wherever they came from. */
const nextEntries = async (
  { source, call }: Run,
  tree: LogTree,
  now: Checkpoint,
): Promise<readonly LogEntry[]> => {
  const from = tree.size;
  const altered = (to: number, cause?: unknown) =>
    fabricError("MIRROR_ENTRIES_ALTERED", { from, to }, { cause });
  const limit = Math.min(PAGE, now.size - from);
  const entries = (await source.entries({ from, limit }, call)).slice(0, limit);
  if (entries.length === 0) throw altered(now.size);
  for (const [at, { position, leaf }] of entries.entries()) {
    if (position !== from + at) throw altered(from + at);
    tree.append(hashLeaf(leaf));
  }
  const reached = tree.size;
  const fromRoot = tree.rootAt(reached);
  try {
    if (reached < now.size)
      verifyConsistency({
        from: reached,
        fromRoot,
        to: now.size,
        toRoot: now.root,
        proof: await source.consistencyProof({ from: reached, to: now.size }, call),
      });
    else if (!bytesEqual(fromRoot, now.root)) throw altered(reached - 1);
  } catch (error) {
    if (isFabricError(error, "CONSISTENCY_PROOF_WRONG")) throw altered(reached - 1, error);
    throw error;
  }
  return entries;
};

const copy = async (
  run: Run,
  verifier: string,
  onProgress: MirrorOptions["onProgress"],
): Promise<MirrorReport> => {
  const { source, target, call } = run;
  const { folder } = target;
  // What a run that was killed left half written.
  await rm(folder.drafts, { recursive: true, force: true });
  const known = await readMirrorLog(target, verifier, call);
  const note = await source.checkpoint(call);
  const now = openCheckpoint(note, verifier);
  await checkContinues(run, known, now);
  const from = known.tree.size;
  const tree = known.tree.fork();
  let files = 0;
  let bytes = 0;
  while (tree.size < now.size) {
    call.signal?.throwIfAborted();
    const entries = await nextEntries(run, tree, now);
    for (const entry of entries) {
      // The rules and every signature, as the source itself checked them: its word alone is not taken.
      const applied = known.state.apply(entry);
      if (applied.kind === "publish") {
        const copied = await copyRelease({ source, folder }, applied.statement, call);
        files += copied.fetched;
        bytes += copied.bytes;
      }
      await storeFile(folder.drafts, folder.entry(entry.position), entry.leaf);
    }
    onProgress?.({ size: tree.size, of: now.size });
  }
  // Only now is there anything new to see: the checkpoint covers what is on the disk, whole.
  if (note !== known.note) await storeFile(folder.drafts, folder.checkpoint, note);
  if (target.verifier === null)
    await writeRegistryIdentity(folder, { origin: now.origin, key: verifier });
  return { origin: now.origin, verifier, from, size: now.size, files, bytes };
};

/**
 * Bring a copy of a registry to where its source is now, by log position. The checkpoint must be signed by the key that
 * the copy was made under and must continue the copy's own log; every entry must stand under it and keep the log's rules,
 * with every signature; every file must have its digest. A copy is a folder registry without the key to sign, so that
 * whatever reads a registry reads it, and it can be a source again.
 *
 * Nothing is seen of a run before its end: files and entries come first, the checkpoint last. A run that was killed is
 * gone on with: what is on the disk is not fetched again.
 *
 * Throws `MIRROR_TARGET_REFUSED`, `MIRROR_KEY_NEEDED`, `MIRROR_KEY_DIFFERS`, `MIRROR_SOURCE_BEHIND`,
 * `MIRROR_ENTRIES_ALTERED`, `CONSISTENCY_PROOF_WRONG` (the log was forked or cut), `CHECKPOINT_…`, `LOG_ENTRY_INVALID`,
 * `STATEMENT_INVALID`, `BLOB_WRONG`, `BLOB_UNKNOWN`, `REGISTRY_…`, and what verifying signatures throws.
 * @example
 * ```ts
 * const source = createHttpRegistry({ url: "https://registry.example" });
 * const { size } = await syncMirror({ source, folder: "mirror", verifier: "registry.example+1d6b…+AZ…" });
 * ```
 */
export const syncMirror = async (options: MirrorOptions): Promise<MirrorReport> => {
  const { source, signal, onProgress } = options;
  const call = signal ? { signal } : {};
  const target = await openMirrorTarget(options.folder);
  const verifier = target.verifier ?? options.verifier;
  if (verifier === null) throw fabricError("MIRROR_KEY_NEEDED", { folder: options.folder });
  if (options.verifier !== null && options.verifier !== verifier)
    throw fabricError("MIRROR_KEY_DIFFERS", { folder: options.folder, known: verifier });
  await prepareMirrorTarget(target);
  const run = { source, target, call };
  return await withFolderLock(target.folder.lock, () => copy(run, verifier, onProgress), call);
};
