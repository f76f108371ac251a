import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { payloadBytes, toEnvelope, type DsseEnvelope } from "../envelope/dsse.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { logStatements, type EntryKind, type StatementOf } from "./log-statements.ts";
import { MAX_STATEMENT_BYTES } from "./package-statement.ts";
import type { LogEntry } from "./registry.ts";

/** Longest leaf that is read, in characters: a statement in base64 with its signatures. */
export const MAX_LEAF = 400_000;
/** A key's rotation has two signatures, everything else one. */
const MAX_SIGNATURES = 2;

/** An entry whose form holds; its signatures were not looked at. */
export interface OpenedEntry {
  readonly position: number;
  readonly kind: EntryKind;
  readonly envelope: DsseEnvelope;
  /** Registry's clock, ms since epoch. */
  readonly recordedAt: number;
  /** Digest of the payload: one statement stands in a log once. */
  readonly digest: Digest;
}

/** A statement with its kind, so that `switch (kind)` tells what it is. */
export type LogStatement = {
  [Kind in EntryKind]: { readonly kind: Kind; readonly statement: StatementOf<Kind> };
}[EntryKind];

const invalid = (position: number, reason: string, cause?: unknown) =>
  fabricError("LOG_ENTRY_INVALID", { position, reason }, { cause });

const leafSchema = z.strictObject({
  envelope: z.unknown(),
  recordedAt: z.int().min(0).max(8_640_000_000_000_000),
});

const KIND_OF: ReadonlyMap<string, EntryKind> = new Map(
  (Object.keys(logStatements) as EntryKind[]).map((kind) => [
    logStatements[kind].payloadType,
    kind,
  ]),
);

/** Kind of an envelope by its payload type. Throws `PAYLOAD_TYPE_UNEXPECTED`. */
export const kindOf = ({ payloadType }: DsseEnvelope): EntryKind => {
  const kind = KIND_OF.get(payloadType);
  if (kind) return kind;
  throw fabricError("PAYLOAD_TYPE_UNEXPECTED", {
    actual: payloadType.slice(0, 100),
    expected: [...KIND_OF.keys()].join(", "),
  });
};

/** Text of a leaf: what is hashed, and the only text that means this. */
export const encodeLeaf = (envelope: DsseEnvelope, recordedAt: number): string =>
  canonicalJson({ envelope, recordedAt });

/** Check an entry's form. Throws `LOG_ENTRY_INVALID`. */
export const openLogEntry = ({ position, leaf }: LogEntry): OpenedEntry => {
  try {
    const parsed = leafSchema.safeParse(
      parseStrictJson(leaf, { limit: MAX_LEAF, what: "the entry" }),
    );
    if (!parsed.success) throw invalid(position, z.prettifyError(parsed.error));
    const { recordedAt } = parsed.data;
    const envelope = toEnvelope(parsed.data.envelope);
    const { length } = envelope.signatures;
    if (length === 0 || length > MAX_SIGNATURES)
      throw invalid(position, `it has ${length} signatures`);
    if (encodeLeaf(envelope, recordedAt) !== leaf)
      throw invalid(position, "its text is not the canonical one");
    const payload = payloadBytes(envelope);
    return { position, kind: kindOf(envelope), envelope, recordedAt, digest: digestOf(payload) };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "LOG_ENTRY_INVALID")
      throw error;
    throw invalid(position, error instanceof Error ? error.message : "it cannot be read", error);
  }
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Statement of a payload whose signature was verified, or of an entry that a verified checkpoint covers.
 * Throws `STATEMENT_INVALID`, also for a payload that is not canonical JSON: one statement has one digest.
 */
export const readStatement = (kind: EntryKind, payload: Uint8Array): LogStatement => {
  const refuse = (reason: string, cause?: unknown) =>
    fabricError("STATEMENT_INVALID", { kind, reason }, { cause });
  let json: unknown;
  try {
    json = parseStrictJson(payload, { limit: MAX_STATEMENT_BYTES, what: "the statement" });
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : "it is not JSON", error);
  }
  if (canonicalJson(json) !== decoder.decode(payload)) throw refuse("it is not canonical JSON");
  const parsed = logStatements[kind].schema.safeParse(json);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
  // The schema of `kind` made it.
  return { kind, statement: parsed.data } as LogStatement;
};

/** Statement of an entry that stands below a verified root. Throws `LOG_ENTRY_INVALID`, `STATEMENT_INVALID`. */
export const readLogEntry = (entry: LogEntry): OpenedEntry & LogStatement => {
  const opened = openLogEntry(entry);
  return { ...opened, ...readStatement(opened.kind, payloadBytes(opened.envelope)) };
};
