import { rm } from "node:fs/promises";
import { systemClock, type Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId, Digest } from "../core/ids.ts";
import { bytesEqual } from "../crypto/bytes.ts";
import { digestOf } from "../crypto/hashes.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { admitEntry, type AdmissionRules } from "./admit-entry.ts";
import type { CheckpointKey } from "./checkpoint.ts";
import {
  emptyFolderLog,
  readEntries,
  readFolderLog,
  readLeaf,
  type FolderLog,
} from "./folder-log.ts";
import { withFolderLock } from "./folder-lock.ts";
import { encodeLeaf, kindOf, readLogEntry } from "./log-entry.ts";
import { hashLeaf } from "./log-tree.ts";
import { MAX_FILE_BYTES, type PackageStatement } from "./package-statement.ts";
import { readStored, storeFile, type RegistryFolder } from "./registry-folder.ts";
import type { PublisherState, RegistryState, ReleaseState } from "./registry-state.ts";
import type {
  LogEntry,
  PublisherRecord,
  Registry,
  ReleaseRecord,
  Submission,
  SubmissionReceipt,
} from "./registry.ts";

/** Releases that are read at once: a name may have as many as its publisher likes. */
const AT_ONCE = 64;
/** Most entries of one answer. */
const MAX_ENTRIES = 1_000;
const MAX_BLOB_BYTES = Math.max(...Object.values(MAX_FILE_BYTES));
const DIGEST = /^sha256:[0-9a-f]{64}$/;

interface Call {
  readonly signal?: AbortSignal;
}

/** What `openFolderRegistry` puts together. */
export interface FolderRegistryParts {
  readonly folder: RegistryFolder;
  /** Key that checkpoints must be signed with. */
  readonly verifier: string;
  /** Null: nothing can be added here. */
  readonly key: CheckpointKey | null;
  readonly rules: AdmissionRules;
  readonly clock?: Clock;
}

const describePublisher = (
  state: RegistryState,
  found: PublisherState | undefined,
): PublisherRecord | null => {
  if (!found) return null;
  const { id, displayName, key } = found;
  const names = [...state.names()].flatMap(([name, owner]) => (owner === id ? [name] : []));
  return { id, displayName, keyid: key.keyid, names: names.toSorted() };
};

/** One call after the other. */
const createTurn = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
};

/**
 * A registry in a folder: content-addressed files, one file per entry, a signed checkpoint. A writer holds the folder's
 * lock and writes files first, then the entry, then the checkpoint, each to the disk before the next; an entry that the
 * checkpoint does not cover yet is taken in by the next writer. Many processes may use one folder.
 */
export const createFolderRegistry = (parts: FolderRegistryParts): Registry => {
  const { folder, verifier, key, rules, clock = systemClock } = parts;
  const turn = createTurn();
  let log: FolderLog = emptyFolderLog();

  const refresh = (call: Call = {}): Promise<FolderLog> =>
    turn(async () => {
      call.signal?.throwIfAborted();
      log = await readFolderLog(folder, verifier, log, call);
      return log;
    });

  const statementAt = async (position: number): Promise<PackageStatement> => {
    const [entry] = await readEntries(folder, position, position + 1);
    const read = entry ? readLogEntry(entry) : null;
    if (read?.kind === "publish") return read.statement;
    throw fabricError("REGISTRY_DAMAGED", {
      what: folder.entry(position),
      reason: "it is no publication",
    });
  };

  const recordOf = async (release: ReleaseState, from: FolderLog): Promise<ReleaseRecord> => {
    const [entry] = await readEntries(folder, release.position, release.position + 1);
    if (!entry)
      throw fabricError("REGISTRY_DAMAGED", { what: folder.root, reason: "an entry is gone" });
    const read = readLogEntry(entry);
    if (read.kind !== "publish" || read.digest !== release.release)
      throw fabricError("REGISTRY_DAMAGED", {
        what: folder.entry(release.position),
        reason: "it is another entry than it was",
      });
    const { capabilities: _, measurement: __, ...facts } = release;
    const publisherName = from.state.publisher(release.publisher)?.displayName ?? "";
    return { ...facts, statement: read.statement, entry, publisherName };
  };

  const writeCheckpoint = async (signer: CheckpointKey, entry: LogEntry): Promise<void> => {
    log.tree.append(hashLeaf(entry.leaf));
    const { size } = log.tree;
    const note = signer.sign({ size, root: log.tree.rootAt(size) });
    try {
      await storeFile(folder.drafts, folder.checkpoint, note);
    } catch (error) {
      // The tree in memory is ahead of the folder: it is read again.
      log = emptyFolderLog();
      throw error;
    }
    log.state.apply(entry);
    log = { ...log, note };
  };

  /** Takes in an entry whose writer died before it signed the checkpoint; its files were written before it. */
  const recover = async (signer: CheckpointKey): Promise<void> => {
    await rm(folder.drafts, { recursive: true, force: true });
    const position = log.tree.size;
    const leaf = await readLeaf(folder, position);
    if (leaf === null) return;
    log.state.check({ position, leaf });
    await writeCheckpoint(signer, { position, leaf });
  };

  const add = async (
    { envelope, blobs }: Submission,
    signer: CheckpointKey,
    call: Call,
  ): Promise<SubmissionReceipt> => {
    log = await readFolderLog(folder, verifier, log, call);
    await recover(signer);
    const known = log.state.positionOf(kindOf(envelope), digestOf(payloadBytes(envelope)));
    if (known !== undefined) return { position: known, repeated: true, checkpoint: log.note };
    const position = log.tree.size;
    const entry = { position, leaf: encodeLeaf(envelope, clock.now()) };
    const { same, files } = await admitEntry(
      { entry, blobs },
      {
        state: log.state,
        rules,
        publishedAt: statementAt,
      },
      call,
    );
    if (same !== null) return { position: same, repeated: true, checkpoint: log.note };
    for (const [digest, bytes] of files) {
      const file = folder.blob(digest);
      const stored = await readStored(file, MAX_BLOB_BYTES).catch(() => null);
      if (stored === null || !bytesEqual(stored, bytes))
        await storeFile(folder.drafts, file, bytes);
    }
    call.signal?.throwIfAborted();
    await storeFile(folder.drafts, folder.entry(position), entry.leaf);
    await writeCheckpoint(signer, entry);
    return { position, repeated: false, checkpoint: log.note };
  };

  return {
    checkpoint: async (call) => (await refresh(call)).note,
    entries: async ({ from, limit }, call) => {
      const { tree } = await refresh(call);
      const count = Number.isSafeInteger(limit) ? Math.min(Math.max(limit, 1), MAX_ENTRIES) : 1;
      if (!Number.isSafeInteger(from) || from < 0)
        throw fabricError("LOG_RANGE_INVALID", { reason: "a position is a whole number from 0" });
      return await readEntries(folder, from, Math.min(from + count, tree.size), call);
    },
    inclusionProof: async ({ position, size }, call) =>
      (await refresh(call)).tree.inclusionProof(position, size),
    consistencyProof: async ({ from, to }, call) =>
      (await refresh(call)).tree.consistencyProof(from, to),
    release: async (name, version, call) => {
      const from = await refresh(call);
      const found = from.state.release(name, version);
      return found ? await recordOf(found, from) : null;
    },
    releases: async (name: CryptletId, call) => {
      const now = await refresh(call);
      const { from = 0, limit = Number.POSITIVE_INFINITY } = call ?? {};
      const asked = now.state.releases(name).slice(from, from + limit);
      const records: ReleaseRecord[] = [];
      for (let start = 0; start < asked.length; start += AT_ONCE) {
        call?.signal?.throwIfAborted();
        const part = asked.slice(start, start + AT_ONCE).map((each) => recordOf(each, now));
        records.push(...(await Promise.all(part)));
      }
      return records;
    },
    publisher: async (id, call) => {
      const { state } = await refresh(call);
      return describePublisher(state, state.publisher(id));
    },
    publisherOfKey: async (keyid, call) => {
      const { state } = await refresh(call);
      return describePublisher(state, state.publisherOfKey(keyid));
    },
    blob: async (digest: Digest, call) => {
      call?.signal?.throwIfAborted();
      const bytes = DIGEST.test(digest)
        ? await readStored(folder.blob(digest), MAX_BLOB_BYTES)
        : null;
      if (!bytes) throw fabricError("BLOB_UNKNOWN", { digest: digest.slice(0, 80) });
      if (digestOf(bytes) !== digest) throw fabricError("BLOB_WRONG", { digest });
      return bytes;
    },
    submit: (submission, call = {}) =>
      turn(async () => {
        if (!key) throw fabricError("REGISTRY_READ_ONLY", { registry: folder.root });
        return await withFolderLock(folder.lock, () => add(submission, key, call), call);
      }),
    close: async () => {
      await turn(() => Promise.resolve());
    },
  };
};
