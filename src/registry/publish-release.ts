import { fabricError } from "../core/errors/fabric-error.ts";
import type { CryptletId, Digest } from "../core/ids.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { ungranted } from "./capability-list.ts";
import { prepareRelease, type ReleaseInput } from "./prepare-release.ts";
import type { Registry, ReleaseRecord, SubmissionReceipt } from "./registry.ts";
import { signStatement } from "./sign-statement.ts";

const NO_BLOBS: ReadonlyMap<Digest, Uint8Array> = new Map();

/** What a publication needs beside the package. */
export interface PublicationOptions {
  readonly key: SigningKey;
  /** Shown to people; used where the registry does not know the publisher yet. */
  readonly displayName: string;
  /** The publisher says that the version may ask for more than the one before it. */
  readonly approveCapabilities: boolean;
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface Publication extends SubmissionReceipt {
  readonly name: CryptletId;
  readonly version: string;
  readonly release: Digest;
  /** True when this publication made the publisher known. */
  readonly newPublisher: boolean;
  /** What it asks for and its predecessor did not. */
  readonly added: readonly string[];
}

/** Newest of the log, which is what the next one continues. */
const newestOf = (releases: readonly ReleaseRecord[]): ReleaseRecord | undefined => releases.at(-1);

/** The publisher that this key signs for, introduced to the registry where it is new. */
const introduce = async (
  registry: Registry,
  owner: ReleaseRecord | undefined,
  at: number,
  { key, displayName, signal }: PublicationOptions,
): Promise<boolean> => {
  const call = signal ? { signal } : {};
  if (owner) {
    // The name's owner may sign with a later key than its first, which is its id.
    const known = await registry.publisher(owner.publisher, call);
    if (known?.keyid === key.record.keyid) return false;
    throw fabricError("NAME_TAKEN", { name: owner.name, owner: owner.publisher });
  }
  const { keyid } = key.record;
  if (await registry.publisherOfKey(keyid, call)) return false;
  const statement = {
    publisher: keyid,
    displayName,
    key: key.record,
    replaces: null,
    issuedAt: at,
  };
  await registry.submit(
    { envelope: signStatement("publisher", statement, [key]), blobs: NO_BLOBS },
    call,
  );
  return true;
};

/**
 * Publish a built and measured package: the publisher where it is new, the approval where more is asked for than before,
 * then the release. The same package again is success without a new entry; after a kill between two steps the next call
 * goes on. Throws what `Registry.submit` throws, `CAPABILITIES_NOT_APPROVED`, `NAME_TAKEN`.
 */
export const publishRelease = async (
  registry: Registry,
  input: Omit<ReleaseInput, "previous">,
  options: PublicationOptions,
): Promise<Publication> => {
  const { key, approveCapabilities, signal } = options;
  const call = signal ? { signal } : {};
  const { id: name, version } = input.cryptlet.manifest;
  const releases = await registry.releases(name, call);
  const same = releases.find((release) => release.version === version);
  const newest = newestOf(releases);
  const newPublisher = await introduce(registry, newest, input.at, options);
  const { statement, blobs } = prepareRelease({ ...input, previous: newest?.release ?? null });
  const added = newest ? ungranted(statement.capabilities, newest.statement.capabilities) : [];
  if (added.length > 0 && !same) {
    if (!approveCapabilities)
      throw fabricError("CAPABILITIES_NOT_APPROVED", {
        release: `${name}@${version}`,
        capabilities: added.join("\n"),
      });
    const approval = { name, version, capabilities: [...added], issuedAt: input.at };
    await registry.submit(
      { envelope: signStatement("approve", approval, [key]), blobs: NO_BLOBS },
      call,
    );
  }
  const envelope = signStatement("publish", statement, [key]);
  const receipt = await registry.submit({ envelope, blobs }, call);
  const found = await registry.release(name, version, call);
  if (!found) throw fabricError("RELEASE_UNKNOWN", { release: `${name}@${version}` });
  return { ...receipt, name, version, release: found.release, newPublisher, added };
};

/** A release is marked by its publisher: deprecated (nobody should begin with it) or revoked (it must not run). */
export const markRelease = async (
  registry: Registry,
  release: ReleaseRecord,
  said: {
    readonly kind: "deprecate" | "revoke";
    readonly reason: string;
    readonly key: SigningKey;
    /** ms since epoch. */
    readonly at: number;
    readonly signal?: AbortSignal;
  },
): Promise<SubmissionReceipt> => {
  const { name, version, release: digest } = release;
  const statement = { name, version, release: digest, reason: said.reason, issuedAt: said.at };
  return await registry.submit(
    { envelope: signStatement(said.kind, statement, [said.key]), blobs: NO_BLOBS },
    said.signal ? { signal: said.signal } : {},
  );
};

/** A publisher goes on with another key; both sign. Throws `PUBLISHER_UNKNOWN`, `SIGNER_NOT_TRUSTED`, `PUBLISHER_KNOWN`. */
export const rotatePublisherKey = async (
  registry: Registry,
  keys: { readonly old: SigningKey; readonly next: SigningKey },
  /** ms since epoch. */
  at: number,
  call: { readonly signal?: AbortSignal } = {},
): Promise<SubmissionReceipt> => {
  const { keyid } = keys.old.record;
  const known = await registry.publisherOfKey(keyid, call);
  if (!known) throw fabricError("PUBLISHER_UNKNOWN", { keyid });
  const { id: publisher, displayName } = known;
  const statement = {
    publisher,
    displayName,
    key: keys.next.record,
    replaces: keyid,
    issuedAt: at,
  };
  const envelope = signStatement("publisher", statement, [keys.old, keys.next]);
  return await registry.submit({ envelope, blobs: NO_BLOBS }, call);
};
