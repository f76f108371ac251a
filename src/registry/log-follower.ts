import path from "node:path";
import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { bytesEqual } from "../crypto/bytes.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { openCheckpoint, type Checkpoint } from "./checkpoint.ts";
import { readStoredText } from "./folder-log.ts";
import { MAX_LEAF, openLogEntry, readStatement } from "./log-entry.ts";
import {
  emptyFrontier,
  extendFrontier,
  frontierRoot,
  isFrontier,
  type LogFrontier,
} from "./log-frontier.ts";
import { hashLeaf } from "./log-tree.ts";
import { storeFile } from "./registry-folder.ts";
import { createRegistryState, type RegistryState } from "./registry-state.ts";
import type { LogEntry, Registry } from "./registry.ts";

/** Entries that are asked for at once. */
const PAGE = 1_000;
/** Longest log that is followed. */
const MAX_ENTRIES = 50_000_000;
/** Largest file of what is kept, in bytes: entries of the followed names and of all publishers. */
const MAX_KEPT_BYTES = 268_435_456;
const FORMAT = "cryptlet-followed-log/1";

interface Call {
  readonly signal?: AbortSignal;
}

const keptSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** Verifier key that it was followed by. */
  key: z.string().max(256),
  names: z.array(z.string().max(64)).max(10_000),
  size: z.int().min(0).max(MAX_ENTRIES),
  root: z.string().max(64),
  hashes: z.array(z.string().max(64)).max(64),
  /** Entries that matter to these names, in order. */
  entries: z.array(z.strictObject({ position: z.int().min(0), leaf: z.string().max(MAX_LEAF) })),
});

/** What is known of a registry's log. */
export interface FollowedLog {
  readonly frontier: LogFrontier;
  /** Only of the followed names, and of all publishers. */
  readonly state: RegistryState;
  /** The same entries. */
  readonly entries: ReadonlyMap<number, LogEntry>;
}

/** Reads a registry's log to its end, again and again. */
export interface LogFollower {
  /** What was known after the last `sync` that ended well, in whatever process; null before the first. */
  readonly known: FollowedLog | null;
  /**
   * Go on to the registry's newest checkpoint. Every entry since the last one is read and hashed, so that nothing of the
   * log can be left out or altered; entries of the followed names are verified. False: the registry is behind what is known.
   * Throws `CONSISTENCY_PROOF_WRONG`, `CHECKPOINT_…`, `REGISTRY_DAMAGED`, `LOG_ENTRY_INVALID` and what `RegistryState.apply`
   * throws; what is known stays as it was.
   */
  sync(registry: Registry, call?: Call): Promise<boolean>;
}

/** Whether an entry says something about the followed names. What cannot be read does not pass for nothing: it throws. */
const matters = (entry: LogEntry, names: ReadonlySet<CryptletId>): boolean => {
  const { kind, envelope } = openLogEntry(entry);
  if (kind === "publisher") return true;
  // Read before its signature is verified, to know whether it has to be: what matters is verified when it is applied.
  const said = readStatement(kind, payloadBytes(envelope));
  return said.kind !== "publisher" && names.has(said.statement.name);
};

const stateOf = (entries: Iterable<LogEntry>): RegistryState => {
  const state = createRegistryState({ sparse: true });
  for (const entry of entries) state.apply(entry);
  return state;
};

const damaged = (what: string, reason: string) => fabricError("REGISTRY_DAMAGED", { what, reason });

const readKept = async (
  file: string,
  key: string,
): Promise<{ readonly names: readonly string[]; readonly log: FollowedLog } | null> => {
  const text = await readStoredText(file, MAX_KEPT_BYTES);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(file, "it is not JSON");
  }
  const parsed = keptSchema.safeParse(json);
  if (!parsed.success) throw damaged(file, z.prettifyError(parsed.error));
  const { key: followed, names, size, root, hashes, entries } = parsed.data;
  if (followed !== key) throw damaged(file, "it is of another checkpoint key");
  const frontier = { size, hashes: hashes.map((hash) => decodeBase64(hash, "hash")) };
  if (!isFrontier(frontier) || encodeBase64(frontierRoot(frontier)) !== root)
    throw damaged(file, "its hashes do not give its root");
  const kept = new Map(entries.map((entry) => [entry.position, entry]));
  return { names, log: { frontier, entries: kept, state: stateOf(entries) } };
};

/** Every entry from `from` up to the checkpoint's size, in pages. */
async function* entriesUpTo(registry: Registry, from: number, size: number, call: Call) {
  for (let at = from; at < size;) {
    call.signal?.throwIfAborted();
    const page = await registry.entries({ from: at, limit: Math.min(PAGE, size - at) }, call);
    if (page.length === 0 || page.length > size - at)
      throw damaged(`entry ${at}`, "the registry does not give what its checkpoint covers");
    for (const [index, entry] of page.entries())
      if (entry.position !== at + index) throw damaged(`entry ${at + index}`, "another was given");
    yield page;
    at += page.length;
  }
}

/**
 * Follow a registry's log for some names. What is known is kept in `file` and survives the process, so that a registry
 * cannot show an older or another log later. Throws `REGISTRY_DAMAGED` for a file that was altered.
 */
export const openLogFollower = async (options: {
  readonly file: string;
  /** Checkpoint key that the registry is known by. */
  readonly key: string;
  readonly names: readonly CryptletId[];
}): Promise<LogFollower> => {
  const { file, key } = options;
  const names = new Set(options.names);
  const kept = await readKept(file, key);
  let known = kept?.log ?? null;
  // Other names need the log from its beginning; that it is the same log is checked on the way.
  let complete = kept !== null && [...names].every((name) => kept.names.includes(name));

  const keep = async ({ frontier, entries }: FollowedLog): Promise<void> => {
    const document: z.infer<typeof keptSchema> = {
      format: FORMAT,
      key,
      names: [...names],
      size: frontier.size,
      root: encodeBase64(frontierRoot(frontier)),
      hashes: frontier.hashes.map(encodeBase64),
      entries: [...entries.values()],
    };
    const drafts = path.join(path.dirname(file), "drafts");
    await storeFile(drafts, file, JSON.stringify(document), { mode: 0o600 });
  };

  const follow = async (
    registry: Registry,
    { size, root }: Checkpoint,
    call: Call,
  ): Promise<FollowedLog> => {
    const start = complete ? known : null;
    let frontier = start?.frontier ?? emptyFrontier;
    const entries = new Map(start?.entries);
    for await (const page of entriesUpTo(registry, frontier.size, size, call)) {
      for (const entry of page) {
        frontier = extendFrontier(frontier, [hashLeaf(entry.leaf)]);
        if (frontier.size === known?.frontier.size) sameAsBefore(frontier, size);
        if (matters(entry, names)) entries.set(entry.position, entry);
      }
    }
    if (!bytesEqual(frontierRoot(frontier), root)) {
      if (start)
        throw fabricError("CONSISTENCY_PROOF_WRONG", { from: start.frontier.size, to: size });
      throw damaged(
        `the log of ${size} entries`,
        "its entries are not those that its checkpoint covers",
      );
    }
    return { frontier, entries, state: stateOf(entries.values()) };
  };

  const sameAsBefore = (frontier: LogFrontier, to: number): void => {
    if (known && !bytesEqual(frontierRoot(frontier), frontierRoot(known.frontier)))
      throw fabricError("CONSISTENCY_PROOF_WRONG", { from: known.frontier.size, to });
  };

  return {
    get known() {
      return known;
    },
    sync: async (registry, call = {}) => {
      const checkpoint = openCheckpoint(await registry.checkpoint(call), key);
      const { size, root } = checkpoint;
      if (size > MAX_ENTRIES)
        throw damaged("the checkpoint", `it covers more than ${MAX_ENTRIES} entries`);
      if (known && size < known.frontier.size) return false;
      if (known && size === known.frontier.size && !bytesEqual(root, frontierRoot(known.frontier)))
        throw fabricError("CONSISTENCY_PROOF_WRONG", { from: size, to: size });
      if (complete && size === known?.frontier.size) return true;
      const next = await follow(registry, checkpoint, call);
      await keep(next);
      known = next;
      complete = true;
      return true;
    },
  };
};
