import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId, Digest } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { verifyEnvelope } from "../envelope/dsse-verify.ts";
import { createKeyRing } from "../envelope/key-ring.ts";
import { ungranted } from "./capability-list.ts";
import { openLogEntry, readStatement, type LogStatement, type OpenedEntry } from "./log-entry.ts";
import { logStatements, type EntryKind, type StatementOf } from "./log-statements.ts";
import type { LogEntry, ReleaseMark } from "./registry.ts";

/** A publisher as the log's entries made it. */
export interface PublisherState {
  /** keyid of its first key. */
  readonly id: Digest;
  readonly displayName: string;
  /** The key that signs now. */
  readonly key: KeyRecord;
}

/** A release as the log's entries made it; what it says itself stands in its entry. */
export interface ReleaseState {
  readonly name: CryptletId;
  readonly version: string;
  /** Digest of its statement. */
  readonly release: Digest;
  readonly position: number;
  readonly recordedAt: number;
  readonly publisher: Digest;
  /** Key that signed. */
  readonly keyid: Digest;
  readonly measurement: Digest;
  readonly capabilities: readonly string[];
  readonly deprecated: ReleaseMark | null;
  readonly revoked: ReleaseMark | null;
}

/** An entry that keeps the log's rules, with its statement. */
export type AppliedEntry = OpenedEntry & LogStatement;

/**
 * What a log says when its entries are read from the first to the last. The rules are the same for whoever reads: a
 * registry before it takes an entry, a mirror and a host after they fetched it.
 */
export interface RegistryState {
  /** Entries of the log up to the newest that was applied. */
  readonly size: number;
  publisher(id: Digest): PublisherState | undefined;
  /** The publisher whose key this is or was. */
  publisherOfKey(keyid: Digest): PublisherState | undefined;
  publishers(): Iterable<PublisherState>;
  /** Names with their publisher. */
  names(): ReadonlyMap<CryptletId, Digest>;
  /** Releases of a name in the order of the log. */
  releases(name: CryptletId): readonly ReleaseState[];
  release(name: CryptletId, version: string): ReleaseState | undefined;
  /** Position of the entry that holds a statement: by its kind too, because a deprecation and a revocation may have the same text. */
  positionOf(kind: EntryKind, statement: Digest): number | undefined;
  /**
   * Check an entry against the rules and change nothing. `covered`: a checkpoint of this very registry covers it, and
   * the registry verified the signatures before it signed that.
   * Throws `LOG_ENTRY_INVALID`, `STATEMENT_INVALID`, `PUBLISHER_UNKNOWN`, `PUBLISHER_KNOWN`, `NAME_TAKEN`,
   * `VERSION_EXISTS`, `PREDECESSOR_WRONG`, `CAPABILITIES_NOT_APPROVED`, `RELEASE_UNKNOWN`, `RELEASE_REVOKED`,
   * `STATEMENT_REPEATED`, and what `verifyEnvelope` throws.
   */
  check(entry: LogEntry, options?: { readonly covered?: boolean }): AppliedEntry;
  /** The same, and the entry counts. */
  apply(entry: LogEntry, options?: { readonly covered?: boolean }): AppliedEntry;
}

const statementName = (kind: EntryKind, digest: Digest) => `${kind} ${digest}`;
const releaseName = (name: string, version: string) => `${name}@${version}`;

const invalidPublisher = (reason: string) =>
  fabricError("STATEMENT_INVALID", { kind: "publisher", reason });

/**
 * An empty log's state. `sparse`: entries that say nothing about the names of interest are left out, and whoever leaves
 * them out has hashed them.
 */
export const createRegistryState = ({
  sparse = false,
}: { readonly sparse?: boolean } = {}): RegistryState => {
  let size = 0;
  const publishers = new Map<Digest, PublisherState>();
  const keys = new Map<Digest, Digest>();
  const names = new Map<CryptletId, Digest>();
  const releases = new Map<CryptletId, Map<string, ReleaseState>>();
  const approvals = new Map<string, readonly string[]>();
  const positions = new Map<string, number>();

  const ofKey = (keyid: Digest): PublisherState | undefined => {
    const id = keys.get(keyid);
    return id === undefined ? undefined : publishers.get(id);
  };

  /** The publisher whose current key signed, alone. */
  const signedByPublisher = (entry: OpenedEntry, covered: boolean): PublisherState => {
    const [signature, ...more] = entry.envelope.signatures;
    const keyid = (signature?.keyid ?? "") as Digest;
    const publisher = ofKey(keyid);
    if (!publisher || more.length > 0) throw fabricError("PUBLISHER_UNKNOWN", { keyid });
    if (publisher.key.keyid !== keyid)
      throw fabricError("SIGNER_NOT_TRUSTED", {
        reason: `the publisher replaced the key ${keyid}`,
      });
    if (!covered)
      verifyEnvelope(entry.envelope, {
        ring: createKeyRing([publisher.key]),
        threshold: 1,
        payloadType: logStatements[entry.kind].payloadType,
      });
    return publisher;
  };

  const checkPublisher = (
    entry: OpenedEntry,
    statement: StatementOf<"publisher">,
    covered: boolean,
  ): void => {
    const { publisher: id, key, replaces } = statement;
    if (key.suite !== "ed25519") throw invalidPublisher("a publisher's key is an Ed25519 key");
    if (keys.has(key.keyid)) throw fabricError("PUBLISHER_KNOWN", { keyid: key.keyid });
    const ring: KeyRecord[] = [key];
    if (replaces === null) {
      if (id !== key.keyid) throw invalidPublisher("the id is not its first key's");
    } else {
      const known = publishers.get(id);
      if (!known) throw fabricError("PUBLISHER_UNKNOWN", { keyid: id });
      if (known.key.keyid !== replaces)
        throw fabricError("SIGNER_NOT_TRUSTED", {
          reason: `the publisher signs with another key than ${replaces}`,
        });
      ring.push(known.key);
    }
    if (entry.envelope.signatures.length !== ring.length)
      throw invalidPublisher("the new key signs, and with it the one that it replaces");
    if (!covered)
      verifyEnvelope(entry.envelope, {
        ring: createKeyRing(ring),
        threshold: ring.length,
        payloadType: logStatements.publisher.payloadType,
      });
  };

  const ownName = (name: CryptletId, publisher: PublisherState): void => {
    const owner = names.get(name);
    if (owner !== undefined && owner !== publisher.id)
      throw fabricError("NAME_TAKEN", { name, owner });
  };

  const newestOf = (name: CryptletId): ReleaseState | undefined =>
    [...(releases.get(name)?.values() ?? [])].at(-1);

  const checkPublication = (statement: StatementOf<"publish">, publisher: PublisherState): void => {
    const { name, version, capabilities } = statement;
    ownName(name, publisher);
    if (releases.get(name)?.has(version)) throw fabricError("VERSION_EXISTS", { name, version });
    const before = newestOf(name);
    if (statement.previous !== (before?.release ?? null))
      throw fabricError("PREDECESSOR_WRONG", { name, newest: before?.version ?? "none" });
    if (capabilities.some((line, at) => at > 0 && line <= (capabilities[at - 1] ?? "")))
      throw fabricError("STATEMENT_INVALID", {
        kind: "publish",
        reason: "its capabilities are not sorted, or one stands twice",
      });
    if (!before) return;
    const more = ungranted(capabilities, before.capabilities);
    const missing = ungranted(more, approvals.get(releaseName(name, version)) ?? []);
    if (missing.length > 0)
      throw fabricError("CAPABILITIES_NOT_APPROVED", {
        release: releaseName(name, version),
        capabilities: missing.join("\n"),
      });
  };

  const checkApproval = (statement: StatementOf<"approve">, publisher: PublisherState): void => {
    const { name, version } = statement;
    if (!names.has(name)) throw fabricError("RELEASE_UNKNOWN", { release: name });
    ownName(name, publisher);
    if (releases.get(name)?.has(version)) throw fabricError("VERSION_EXISTS", { name, version });
  };

  const checkMark = (
    statement: StatementOf<"deprecate" | "revoke">,
    publisher: PublisherState,
  ): void => {
    const { name, version } = statement;
    ownName(name, publisher);
    const found = releases.get(name)?.get(version);
    if (found?.release !== statement.release)
      throw fabricError("RELEASE_UNKNOWN", { release: releaseName(name, version) });
    if (found.revoked)
      throw fabricError("RELEASE_REVOKED", {
        release: releaseName(name, version),
        reason: found.revoked.reason,
      });
  };

  const checkWith = (
    entry: LogEntry,
    covered: boolean,
  ): { readonly applied: AppliedEntry; readonly signer: PublisherState | null } => {
    if (sparse ? entry.position < size : entry.position !== size)
      throw fabricError("LOG_ENTRY_INVALID", {
        position: entry.position,
        reason: `the log goes on with ${size}`,
      });
    const opened = openLogEntry(entry);
    const repeated = positions.get(statementName(opened.kind, opened.digest));
    if (repeated !== undefined) throw fabricError("STATEMENT_REPEATED", { position: repeated });
    // A publisher's own statement names the key that checks it; everything else is read after its signature held.
    const signer = opened.kind === "publisher" ? null : signedByPublisher(opened, covered);
    const said = readStatement(opened.kind, payloadBytes(opened.envelope));
    if (said.kind === "publisher") checkPublisher(opened, said.statement, covered);
    else if (signer && said.kind === "publish") checkPublication(said.statement, signer);
    else if (signer && said.kind === "approve") checkApproval(said.statement, signer);
    else if (signer && (said.kind === "deprecate" || said.kind === "revoke"))
      checkMark(said.statement, signer);
    return { applied: { ...opened, ...said }, signer };
  };

  const mark = (statement: StatementOf<"deprecate" | "revoke">, by: AppliedEntry): void => {
    const versions = releases.get(statement.name);
    const found = versions?.get(statement.version);
    if (!versions || !found) return;
    const said = { reason: statement.reason, position: by.position, recordedAt: by.recordedAt };
    const change = by.kind === "revoke" ? { revoked: said } : { deprecated: said };
    versions.set(statement.version, { ...found, ...change });
  };

  const keep = (applied: AppliedEntry, signer: PublisherState | null): void => {
    const { position, recordedAt, digest } = applied;
    positions.set(statementName(applied.kind, digest), position);
    size = position + 1;
    switch (applied.kind) {
      case "publisher": {
        const { publisher: id, key, displayName } = applied.statement;
        publishers.set(id, { id, key, displayName });
        keys.set(key.keyid, id);
        return;
      }
      case "approve": {
        const { name, version, capabilities } = applied.statement;
        const release = releaseName(name, version);
        approvals.set(release, [...(approvals.get(release) ?? []), ...capabilities]);
        return;
      }
      case "publish": {
        if (!signer) return;
        const { name, version, measurement, capabilities } = applied.statement;
        const versions = releases.get(name) ?? new Map<string, ReleaseState>();
        releases.set(name, versions);
        names.set(name, signer.id);
        approvals.delete(releaseName(name, version));
        versions.set(version, {
          name,
          version,
          release: digest,
          position,
          recordedAt,
          measurement,
          capabilities,
          publisher: signer.id,
          keyid: signer.key.keyid,
          deprecated: null,
          revoked: null,
        });
        return;
      }
      case "deprecate":
      case "revoke":
        mark(applied.statement, applied);
    }
  };

  return {
    get size() {
      return size;
    },
    publisher: (id) => publishers.get(id),
    publisherOfKey: ofKey,
    publishers: () => publishers.values(),
    names: () => names,
    releases: (name) => [...(releases.get(name)?.values() ?? [])],
    release: (name, version) => releases.get(name)?.get(version),
    positionOf: (kind, statement) => positions.get(statementName(kind, statement)),
    check: (entry, { covered = false } = {}) => checkWith(entry, covered).applied,
    apply: (entry, { covered = false } = {}) => {
      const { applied, signer } = checkWith(entry, covered);
      keep(applied, signer);
      return applied;
    },
  };
};
