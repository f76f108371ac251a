import type { CryptletId, Digest } from "../core/ids.ts";
import type { DsseEnvelope } from "../envelope/dsse.ts";
import type { PackageStatement } from "./package-statement.ts";

/**
 * One entry of a registry's log, as the text whose hash is the tree's leaf: canonical JSON of `{ envelope, recordedAt }`.
 * `readLogEntry` gives its statement.
 */
export interface LogEntry {
  /** Its place in the log, from 0. */
  readonly position: number;
  /** Exactly the UTF-8 text that is hashed. */
  readonly leaf: string;
}

/** A checkpoint as its registry signed it: a C2SP signed note whose text is a tlog-checkpoint. `openCheckpoint` verifies it. */
export type SignedCheckpoint = string;

/** Something that the publisher said later about a release. */
export interface ReleaseMark {
  readonly reason: string;
  /** Position of the entry that says so. */
  readonly position: number;
  /** Registry's clock, ms since epoch. */
  readonly recordedAt: number;
}

/** What a registry says about one release. Nothing of it is proven: `verifyRelease` does that. */
export interface ReleaseRecord {
  readonly name: CryptletId;
  readonly version: string;
  /** Digest of the signed statement: what names this release for ever. */
  readonly release: Digest;
  readonly statement: PackageStatement;
  /** The publish entry. */
  readonly entry: LogEntry;
  /** Registry's clock, ms since epoch. */
  readonly recordedAt: number;
  /** Id of the publisher: keyid of its first key. */
  readonly publisher: Digest;
  readonly publisherName: string;
  /** Key that signed. */
  readonly keyid: Digest;
  readonly deprecated: ReleaseMark | null;
  readonly revoked: ReleaseMark | null;
}

/** A publisher as the log knows it. */
export interface PublisherRecord {
  readonly id: Digest;
  readonly displayName: string;
  /** The key that signs now. */
  readonly keyid: Digest;
  /** Names that it owns, sorted. */
  readonly names: readonly CryptletId[];
}

/** One envelope for the log, with the files that it names. */
export interface Submission {
  readonly envelope: DsseEnvelope;
  /** Bytes of the release's files by digest; empty for what is no publication. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** What came of a submission. */
export interface SubmissionReceipt {
  readonly position: number;
  /** True when the same was in the log before: there is no new entry. */
  readonly repeated: boolean;
  /** The first checkpoint that covers the entry. */
  readonly checkpoint: SignedCheckpoint;
}

interface Call {
  readonly signal?: AbortSignal;
}

/**
 * A log of releases with their files. What a registry answers is believed by nobody: entries are proven by its signed
 * checkpoint, statements by their publishers' signatures, files by their digests.
 *
 * Every method throws `REGISTRY_UNAVAILABLE`, `REGISTRY_DAMAGED` and `INTERRUPTED` where its driver can.
 */
export interface Registry {
  /** The newest checkpoint. */
  checkpoint(call?: Call): Promise<SignedCheckpoint>;
  /** Entries from a position on, at most `limit` (1 to 1,000), fewer at the end of the log. */
  entries(
    range: { readonly from: number; readonly limit: number },
    call?: Call,
  ): Promise<readonly LogEntry[]>;
  /** Proof that the entry stands in the tree of `size` (RFC 6962 section 2.1.1), leaf to root. Throws `LOG_RANGE_INVALID`. */
  inclusionProof(
    range: { readonly position: number; readonly size: number },
    call?: Call,
  ): Promise<readonly Uint8Array[]>;
  /** Proof that the tree of `to` continues that of `from` (RFC 6962 section 2.1.2). Throws `LOG_RANGE_INVALID`. */
  consistencyProof(
    range: { readonly from: number; readonly to: number },
    call?: Call,
  ): Promise<readonly Uint8Array[]>;
  /** Null where there is none. */
  release(name: CryptletId, version: string, call?: Call): Promise<ReleaseRecord | null>;
  /** Releases of a name, oldest first, every one unless told; empty where nobody owns it. */
  releases(
    name: CryptletId,
    call?: Call & { readonly from?: number; readonly limit?: number },
  ): Promise<readonly ReleaseRecord[]>;
  /** Null where the log does not know it. */
  publisher(id: Digest, call?: Call): Promise<PublisherRecord | null>;
  /** The publisher whose key this is, or was before it was replaced; null where the log does not know the key. */
  publisherOfKey(keyid: Digest, call?: Call): Promise<PublisherRecord | null>;
  /** A release's file. Throws `BLOB_UNKNOWN`, and `BLOB_WRONG` when the bytes do not have that digest. */
  blob(digest: Digest, call?: Call): Promise<Uint8Array>;
  /**
   * Add an entry. The same envelope, or the same release, again is success without a new entry.
   * Throws `REGISTRY_READ_ONLY`, `STATEMENT_INVALID`, `NAME_TAKEN`, `NAME_LOOKS_ALIKE`, `VERSION_EXISTS`,
   * `CAPABILITIES_NOT_APPROVED`, `PUBLISHER_UNKNOWN`, `BLOB_MISSING`, `BLOB_WRONG`, and what verifying signatures throws.
   */
  submit(submission: Submission, call?: Call): Promise<SubmissionReceipt>;
  close(): Promise<void>;
}
