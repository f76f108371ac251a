import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema } from "../../core/ids.ts";
import { hexToBytes } from "../../crypto/bytes.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { readLogEntry } from "../log-entry.ts";
import { MAX_FILE_BYTES } from "../package-statement.ts";
import type { LogEntry, Registry, ReleaseRecord } from "../registry.ts";
import { versionSchema } from "../release-name.ts";
import type { SearchRequest } from "../search/registry-index.ts";
import {
  entriesAnswer,
  identityAnswer,
  proofAnswer,
  publisherAnswer,
  receiptAnswer,
  releaseAnswer,
  releasesAnswer,
  searchAnswer,
  type RegistryIdentity,
  type ReleaseAnswer,
  type SearchAnswer,
} from "./registry-answers.ts";
import { createRegistryRequest } from "./registry-request.ts";
import { encodeSubmission, SUBMISSION_TYPE } from "./submission-frames.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_NOTE = 16_384;
const MAX_ENTRIES = 1_000;
/** Releases of one name that are read. */
const MAX_RELEASES = 10_000;
const MAX_BLOB_BYTES = Math.max(...Object.values(MAX_FILE_BYTES));

interface Call {
  readonly signal?: AbortSignal | undefined;
}

/** A registry that a host serves, and what that host offers beside the log. */
export interface HttpRegistry extends Registry {
  /** Who it says it is, and whether it takes releases. */
  identity(call?: Call): Promise<RegistryIdentity>;
  /** Throws `REGISTRY_QUERY_INVALID`, `REGISTRY_CURSOR_INVALID`. */
  search(request: SearchRequest, call?: Call): Promise<SearchAnswer>;
}

const answerInvalid = (url: string, reason: string) =>
  fabricError("REGISTRY_ANSWER_INVALID", { url, reason });

/** The record of a release: what the publisher said comes out of the entry, which the log proves. */
const recordOf = (url: string, answer: ReleaseAnswer): ReleaseRecord => {
  const read = readLogEntry(answer.entry);
  if (read.kind !== "publish") throw answerInvalid(url, "a release's entry is no publication");
  const { entry: _, ...facts } = answer;
  return {
    ...facts,
    name: read.statement.name,
    version: read.statement.version,
    release: read.digest,
    statement: read.statement,
    entry: answer.entry,
    recordedAt: read.recordedAt,
  };
};

/** What is not there is no error of the port. */
const orNull = async <Answer>(
  code: Parameters<typeof isFabricError>[1],
  ask: () => Promise<Answer>,
) => {
  try {
    return await ask();
  } catch (error) {
    if (isFabricError(error, code)) return null;
    throw error;
  }
};

const query = (values: Readonly<Record<string, string | number>>): string =>
  new URLSearchParams(
    Object.entries(values).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();

const siblings = ({ proof }: { readonly proof: readonly string[] }): readonly Uint8Array[] =>
  proof.map((hash) => hexToBytes(hash));

/**
 * A registry over HTTP, as a host serves it below `/v1/registry`. Nothing that it answers is believed because it answered:
 * `openCheckpoint`, `verifyRelease` and `syncMirror` prove it. Bytes of a blob are checked against their digest here.
 * Throws `REGISTRY_ADDRESS_INVALID`; its methods `REGISTRY_UNAVAILABLE`, `REGISTRY_ANSWER_INVALID` and what the registry
 * answers by code.
 * @example
 * ```ts
 * const registry = createHttpRegistry({ url: "https://registry.example" });
 * const note = await registry.checkpoint();
 * ```
 */
export const createHttpRegistry = (options: {
  /** Where the host's API is; the path of a proxy may stand in it. */
  readonly url: string;
  readonly token?: string | null;
  /** ms, for each answer; 60,000 unless told. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}): HttpRegistry => {
  const { url } = options;
  const request = createRegistryRequest({
    url,
    token: options.token ?? null,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    fetch: options.fetch ?? globalThis.fetch,
  });
  const base = "v1/registry";
  const text = (bytes: Uint8Array): string => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw answerInvalid(url, "a checkpoint is not UTF-8");
    }
  };

  const entries: Registry["entries"] = async ({ from, limit }, call = {}) => {
    const wanted = Number.isSafeInteger(limit) ? Math.min(Math.max(limit, 1), MAX_ENTRIES) : 1;
    const found: LogEntry[] = [];
    // A page is bounded in bytes too; only an empty one says that the log ends.
    while (found.length < wanted) {
      const range = { from: from + found.length, limit: wanted - found.length };
      const page = await request.json(`${base}/entries?${query(range)}`, entriesAnswer, call);
      for (const entry of page.entries.slice(0, range.limit)) {
        if (entry.position !== from + found.length)
          throw answerInvalid(
            url,
            `entry ${entry.position} where ${from + found.length} was asked for`,
          );
        found.push(entry);
      }
      if (page.entries.length === 0) break;
    }
    return found;
  };

  const releases: Registry["releases"] = async (name, call = {}) => {
    const id = cryptletIdSchema.safeParse(name);
    if (!id.success) return [];
    const found: ReleaseRecord[] = [];
    const { limit = Number.POSITIVE_INFINITY } = call;
    for (let from = call.from ?? 0; ;) {
      const path = `${base}/packages/${id.data}?${query({ from })}`;
      const page = await request.json(path, releasesAnswer, call);
      for (const answer of page.releases) {
        const record = recordOf(url, answer);
        if (record.name !== id.data) throw answerInvalid(url, "a release of another name");
        found.push(record);
      }
      if (page.next === null || found.length >= limit) return found.slice(0, limit);
      if (page.next <= from || found.length > MAX_RELEASES)
        throw answerInvalid(url, "its pages of releases do not end");
      from = page.next;
    }
  };

  const publisher = async (under: string, id: string, call: Call | undefined) => {
    const digest = digestSchema.safeParse(id);
    if (!digest.success) return null;
    const path = `${base}/${under}/${digest.data}`;
    return await orNull("PUBLISHER_UNKNOWN", () => request.json(path, publisherAnswer, call));
  };

  return {
    identity: (call) => request.json(base, identityAnswer, call),
    checkpoint: async (call) => text(await request.bytes(`${base}/checkpoint`, MAX_NOTE, call)),
    entries,
    inclusionProof: async (range, call) => {
      const answer = await request.json(
        `${base}/proofs/inclusion?${query(range)}`,
        proofAnswer,
        call,
      );
      return siblings(answer);
    },
    consistencyProof: async (range, call) => {
      const path = `${base}/proofs/consistency?${query(range)}`;
      return siblings(await request.json(path, proofAnswer, call));
    },
    release: async (name, version, call) => {
      const id = cryptletIdSchema.safeParse(name);
      const exact = versionSchema.safeParse(version);
      if (!id.success || !exact.success) return null;
      const path = `${base}/packages/${id.data}/${exact.data}`;
      const answer = await orNull("RELEASE_UNKNOWN", () => request.json(path, releaseAnswer, call));
      if (!answer) return null;
      const record = recordOf(url, answer);
      if (record.name === id.data && record.version === exact.data) return record;
      throw answerInvalid(url, "another release than the one that was asked for");
    },
    releases,
    publisher: (id, call) => publisher("publishers", id, call),
    publisherOfKey: (keyid, call) => publisher("publisher-keys", keyid, call),
    blob: async (digest, call) => {
      const id = digestSchema.safeParse(digest);
      if (!id.success) throw fabricError("BLOB_UNKNOWN", { digest: digest.slice(0, 80) });
      const bytes = await request.bytes(`${base}/blobs/${id.data}`, MAX_BLOB_BYTES, call);
      if (digestOf(bytes) !== id.data) throw fabricError("BLOB_WRONG", { digest: id.data });
      return bytes;
    },
    submit: (submission, call) =>
      request.json(`${base}/submissions`, receiptAnswer, {
        ...call,
        body: encodeSubmission(submission),
        type: SUBMISSION_TYPE,
      }),
    search: (asked, call) => {
      const values = {
        q: asked.query,
        ...(asked.limit === undefined ? {} : { limit: asked.limit }),
        ...(asked.cursor ? { cursor: asked.cursor } : {}),
        ...(asked.revoked ? { revoked: "true" } : {}),
      };
      return request.json(`${base}/search?${query(values)}`, searchAnswer, call);
    },
    close: async () => {},
  };
};
