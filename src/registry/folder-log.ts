import { fabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual } from "../crypto/bytes.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { MAX_LEAF } from "./log-entry.ts";
import { createLogTree, hashLeaf, type LogTree } from "./log-tree.ts";
import { readStored, type RegistryFolder } from "./registry-folder.ts";
import { createRegistryState, type RegistryState } from "./registry-state.ts";
import type { LogEntry, SignedCheckpoint } from "./registry.ts";

/** Longest checkpoint that is read, in bytes. */
const MAX_CHECKPOINT_BYTES = 16_384;
/** Entries that are held at once at a first reading. */
const PAGE = 1_024;
/** Files that are read at once. */
const AT_ONCE = 64;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A folder's log as it stood at one checkpoint. */
export interface FolderLog {
  readonly note: SignedCheckpoint;
  readonly tree: LogTree;
  readonly state: RegistryState;
}

/** UTF-8 text of a stored file; null where there is none. Throws `REGISTRY_DAMAGED`. */
export const readStoredText = async (file: string, limit: number): Promise<string | null> => {
  const bytes = await readStored(file, limit);
  if (!bytes) return null;
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw fabricError(
      "REGISTRY_DAMAGED",
      { what: file, reason: "it is not UTF-8" },
      { cause: error },
    );
  }
};

/** Leaf of one entry; null where there is none. Throws `REGISTRY_DAMAGED`. */
export const readLeaf = (folder: RegistryFolder, position: number): Promise<string | null> =>
  readStoredText(folder.entry(position), MAX_LEAF);

/** Entries from a position up to another. Throws `REGISTRY_DAMAGED` for one that is not there. */
export const readEntries = async (
  folder: RegistryFolder,
  from: number,
  to: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<LogEntry[]> => {
  const entries: LogEntry[] = [];
  for (let start = from; start < to; start += AT_ONCE) {
    signal?.throwIfAborted();
    const positions = Array.from({ length: Math.min(AT_ONCE, to - start) }, (_, at) => start + at);
    entries.push(
      ...(await Promise.all(
        positions.map(async (position) => {
          const leaf = await readLeaf(folder, position);
          if (leaf !== null) return { position, leaf };
          throw fabricError("REGISTRY_DAMAGED", {
            what: folder.entry(position),
            reason: "the checkpoint covers it and it is not there",
          });
        }),
      )),
    );
  }
  return entries;
};

/** Text of the folder's checkpoint. Throws `REGISTRY_DAMAGED`. */
export const readCheckpoint = async (folder: RegistryFolder): Promise<SignedCheckpoint> => {
  const note = await readStoredText(folder.checkpoint, MAX_CHECKPOINT_BYTES);
  if (note !== null) return note;
  throw fabricError("REGISTRY_DAMAGED", { what: folder.checkpoint, reason: "it is not there" });
};

/** A log without entries. */
export const emptyFolderLog = (): FolderLog => ({
  note: "",
  tree: createLogTree(),
  state: createRegistryState(),
});

/**
 * The folder's log as it stands now, going on from what was read before. The entries must give the root that the
 * checkpoint's key signed; their own signatures were checked before that key signed.
 * Throws `REGISTRY_DAMAGED`, `CONSISTENCY_PROOF_WRONG` (the folder went back), `CHECKPOINT_…`, `LOG_ENTRY_INVALID`.
 */
export const readFolderLog = async (
  folder: RegistryFolder,
  verifier: string,
  known: FolderLog,
  call: { readonly signal?: AbortSignal } = {},
): Promise<FolderLog> => {
  const note = await readCheckpoint(folder);
  if (note === known.note) return known;
  const { size, root } = openCheckpoint(note, verifier);
  const from = known.tree.size;
  if (size < from) throw fabricError("CONSISTENCY_PROOF_WRONG", { from, to: size });
  const damaged = (reason: string, cause?: unknown) =>
    fabricError("REGISTRY_DAMAGED", { what: folder.root, reason }, { cause });
  const tree = known.tree.fork();
  // What is new since the last look is held back until the root is known. A first reading keeps nothing else meanwhile:
  // its state is thrown away with the error.
  const state = from === 0 ? createRegistryState() : known.state;
  const held: LogEntry[] = [];
  for (let start = from; start < size; start += PAGE) {
    const page = await readEntries(folder, start, Math.min(start + PAGE, size), call);
    for (const entry of page) tree.append(hashLeaf(entry.leaf));
    if (from > 0) held.push(...page);
    else
      try {
        for (const entry of page) state.apply(entry, { covered: true });
      } catch (error) {
        throw damaged("an entry is not what the checkpoint covers", error);
      }
  }
  if (!bytesEqual(tree.rootAt(size), root))
    throw damaged("its entries are not those that its checkpoint covers");
  for (const entry of held) state.apply(entry, { covered: true });
  return { note, tree, state };
};
