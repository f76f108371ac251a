import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { secretForms } from "../../enclave-sim/capabilities/secrets/secret-forms.ts";
import { replaceFiles } from "../../enclave-sim/host/replace-files.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";
import type { HostCall, HttpRequest } from "../sdk/abi.ts";
import type { RecordedAnswer, RecordedCall, RecordedChain } from "./recorded.ts";
import { pathOf } from "./path-of.ts";
import { parseRecordingText } from "./parse-recording-text.ts";
import { readBoundedFile } from "./read-bounded-file.ts";
import {
  RECORDING_BOUNDS,
  recordingSchema,
  type RecordedCallee,
  type RecordedExchange,
  type RecordedRead,
} from "./recording-schema.ts";

/**
 * Answers of sources, kept in a file for tests, run and dev: docs/recordings.md. Of entries that answer the same
 * question the newest whose time has come counts, so that one recording can tell how a price went. No request headers
 * and no secrets.
 */
export interface Recording {
  /** Where the answers come from, for people. */
  readonly about: string;
  readonly exchanges: readonly RecordedExchange[];
  readonly chains: readonly RecordedRead[];
  readonly calls: readonly RecordedCallee[];
}

/** A recording without an answer. */
export const EMPTY_RECORDING: Recording = { about: "", exchanges: [], chains: [], calls: [] };

const invalid = (file: string, faults: string, cause?: unknown): Error =>
  fabricError("RECORDING_INVALID", { file, faults }, { cause });

const unreadable = (file: string, error: unknown): Error =>
  fabricError("FILE_UNREADABLE", { file, reason: fileFault(error) }, { cause: error });

const readOne = async (file: string): Promise<Recording> => {
  const text = await readBoundedFile(file, RECORDING_BOUNDS.fileBytes);
  const parsed = recordingSchema.safeParse(parseRecordingText(text, file));
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error));
  const { about, exchanges, chains, calls } = parsed.data;
  let left: number = RECORDING_BOUNDS.bodiesBytes;
  const read: RecordedExchange[] = [];
  for (const entry of exchanges) {
    if ("error" in entry) {
      read.push(entry);
      continue;
    }
    const { body: inline, bodyFile, ...rest } = entry;
    const body =
      inline ??
      (await readBoundedFile(
        path.join(path.dirname(file), bodyFile ?? ""),
        RECORDING_BOUNDS.bodyBytes,
      ));
    left -= Buffer.byteLength(body);
    if (left < 0) throw invalid(file, `all bodies together are larger than allowed`);
    read.push({ ...rest, body });
  }
  return { about, exchanges: read, chains, calls };
};

/** One of several recordings: what they hold together, in this order. */
export const joinRecordings = (recordings: readonly Recording[]): Recording => ({
  about: recordings.flatMap(({ about }) => (about === "" ? [] : [about])).join("\n"),
  exchanges: recordings.flatMap(({ exchanges }) => exchanges),
  chains: recordings.flatMap(({ chains }) => chains),
  calls: recordings.flatMap(({ calls }) => calls),
});

/**
 * Read a recording, or all `*.json` of a folder in the order of their names; by path or file URL.
 * Throws `FILE_UNREADABLE`, `RECORDING_INVALID` with every fault.
 * @example
 * ```ts
 * const recording = await readRecording("recordings/negative.json");
 * ```
 */
export const readRecording = async (place: string | URL): Promise<Recording> => {
  const fileOrFolder = pathOf(place);
  const names = await readdir(fileOrFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return null;
    throw unreadable(fileOrFolder, error);
  });
  if (names === null) return readOne(fileOrFolder);
  const files = names.filter((name) => name.endsWith(".json")).toSorted();
  if (files.length > RECORDING_BOUNDS.files)
    throw invalid(fileOrFolder, `the folder holds more than ${RECORDING_BOUNDS.files} recordings`);
  const recordings: Recording[] = [];
  for (const name of files) recordings.push(await readOne(path.join(fileOrFolder, name)));
  return joinRecordings(recordings);
};

/** Bodies up to this many bytes stand in the file itself. */
const INLINE_BYTES = 8_192;

/** Every text inside, keys too. */
const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
};

const refuseSecrets = (file: string, recording: Recording, secrets: readonly string[]): void => {
  const forms = secrets.flatMap(secretForms);
  for (const entry of [...recording.exchanges, ...recording.chains, ...recording.calls])
    if (textsOf(entry).some((text) => forms.some((form) => text.includes(form))))
      throw fabricError("RECORDING_HOLDS_SECRET", { file, where: `the answer of ${entry.id}` });
};

/**
 * Write a recording; the folder is made, what stood under the name is replaced. Long bodies get files of their own,
 * named after their digest. `secrets` are values that must not stand anywhere in it.
 * Throws `FILE_UNWRITABLE`, `RECORDING_INVALID`, `RECORDING_HOLDS_SECRET`.
 */
export const writeRecording = async (
  file: string,
  recording: Recording,
  { secrets = [] }: { readonly secrets?: readonly string[] } = {},
): Promise<void> => {
  refuseSecrets(file, recording, secrets);
  const bodies = new Map<string, string>();
  const exchanges = recording.exchanges.map((entry) => {
    if ("error" in entry || Buffer.byteLength(entry.body) <= INLINE_BYTES) return entry;
    const { body, ...rest } = entry;
    const digest = createHash("sha256").update(body).digest("hex").slice(0, 16);
    const bodyFile = `${entry.id.replaceAll(/[^A-Za-z0-9-]/g, "_")}-${digest}.body.txt`;
    bodies.set(bodyFile, body);
    return { ...rest, bodyFile };
  });
  const said = { version: 1, ...recording, exchanges };
  const parsed = recordingSchema.safeParse(said);
  if (!parsed.success) throw invalid(file, z.prettifyError(parsed.error));
  const readable = JSON.stringify(
    said,
    (key, value: unknown) =>
      key === "receivedAt" && typeof value === "number" ? new Date(value).toISOString() : value,
    2,
  );
  if (Buffer.byteLength(readable) >= RECORDING_BOUNDS.fileBytes)
    throw invalid(file, `it would be larger than ${RECORDING_BOUNDS.fileBytes} bytes`);
  const texts = [...bodies, [path.basename(file), `${readable}\n`] as const];
  const files = texts.map(([name, text]) => ({ name, bytes: Buffer.from(text) }));
  // The bodies before the file that names them.
  await replaceFiles(path.dirname(file), files).catch((error: unknown) => {
    throw fabricError("FILE_UNWRITABLE", { file, reason: fileFault(error) }, { cause: error });
  });
};

/** What a recording's sources answer at one time; null where it has no answer. */
export interface RecordedAnswers {
  /** Without `id` whatever fits the rest, as a server or the enclave's reader of chains sees it. */
  http(
    request: Pick<HttpRequest, "method" | "url"> & { readonly id?: string },
  ): RecordedAnswer | null;
  chain(
    read: Pick<Extract<HostCall, { op: "chain.read" }>, "chain" | "queries"> & {
      readonly id?: string;
    },
  ): RecordedChain | null;
  call(
    call: Pick<Extract<HostCall, { op: "call" }>, "cryptlet" | "feed"> & { readonly id?: string },
  ): RecordedCall | null;
}

/** The newest entry whose time has come; of equal ones, and of those without a time, the last in the file. */
const newestAt = <Entry extends { readonly receivedAt: number | null }>(
  entries: readonly Entry[],
  at: number,
): Entry | null =>
  entries.reduce<Entry | null>((newest, entry) => {
    if (entry.receivedAt !== null && entry.receivedAt > at) return newest;
    return newest === null || (entry.receivedAt ?? -1) >= (newest.receivedAt ?? -1)
      ? entry
      : newest;
  }, null);

/** A recorded URL that ends with `*` fits whatever goes on behind it. */
const fitsUrl = (recorded: string, url: string): boolean =>
  recorded.endsWith("*") ? url.startsWith(recorded.slice(0, -1)) : recorded === url;

const queriesText = (queries: unknown): string => JSON.stringify(queries).toLowerCase();

/**
 * What the sources answer at a time in ms since epoch. Each answers at that time itself (`receivedAt` is `at`): a
 * source that has told the same since yesterday is as old as its own time says. Answers are `EMULATED`.
 * @example
 * ```ts
 * answersAt(recording, at).http({ id: "kraken", method: "GET", url });
 * ```
 */
export const answersAt = (recording: Recording, at: number): RecordedAnswers => ({
  http: ({ id, method, url }) => {
    const fitting = recording.exchanges.filter(
      ({ id: name, request }) =>
        (id === undefined || name === id) && request.method === method && fitsUrl(request.url, url),
    );
    const exact = fitting.filter(({ request }) => request.url === url);
    const found = newestAt(exact, at) ?? newestAt(fitting, at);
    if (!found) return null;
    if ("error" in found) return { error: found.error, arguments: found.arguments };
    const { status, headers, body } = found;
    return { status, headers, body, receivedAt: at };
  },
  chain: ({ id, chain, queries }) => {
    const asked = queriesText(queries);
    const found = newestAt(
      recording.chains.filter(
        (entry) =>
          (id === undefined || entry.id === id) &&
          entry.chain === chain &&
          ("error" in entry || !entry.queries || queriesText(entry.queries) === asked),
      ),
      at,
    );
    if (!found) return null;
    if ("error" in found) return { error: found.error, arguments: found.arguments };
    const { results, chainId, block } = found;
    return { results, chainId, ...(block ? { block } : {}) };
  },
  call: ({ id, cryptlet, feed }) => {
    const found = newestAt(
      recording.calls.filter(
        (entry) =>
          (id === undefined || entry.id === id) &&
          entry.cryptlet === cryptlet &&
          entry.feed === feed,
      ),
      at,
    );
    if (!found) return null;
    if ("error" in found) return { error: found.error, arguments: found.arguments };
    return { observation: found.observation, receivedAt: at };
  },
});
