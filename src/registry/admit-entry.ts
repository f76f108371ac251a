import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { checkDisplayText, lookSkeleton } from "./display-text.ts";
import { openLogEntry, readStatement } from "./log-entry.ts";
import type { StatementOf } from "./log-statements.ts";
import { findLookAlike, type NameRules } from "./look-alike.ts";
import { openRelease } from "./open-release.ts";
import { filesOf, type PackageStatement } from "./package-statement.ts";
import type { AppliedEntry, RegistryState } from "./registry-state.ts";
import type { LogEntry } from "./registry.ts";

interface Call {
  readonly signal?: AbortSignal;
}

/** Loads a package and gives its measurement: its code begins to run for that, inside the enclave. */
export type MeasureRelease = (cryptlet: CryptletPackage, call: Call) => Promise<Digest>;

/** What a registry asks of an entry beyond the log's own rules. */
export interface AdmissionRules extends NameRules {
  /** Null: the publisher's measurement is taken as a claim, which every host checks that loads the release. */
  readonly measure: MeasureRelease | null;
}

/** What an entry is held against. */
export interface AdmissionView {
  readonly state: RegistryState;
  readonly rules: AdmissionRules;
  /** Statement of a publication in the log. */
  readonly publishedAt: (position: number) => Promise<PackageStatement>;
}

/** What is to be done with an entry. */
export interface Admission {
  /** Position of the release that is the same already: nothing is to be added. */
  readonly same: number | null;
  /** Files to store before the entry. */
  readonly files: ReadonlyMap<Digest, Uint8Array>;
}

const NOTHING: ReadonlyMap<Digest, Uint8Array> = new Map();

/** What two statements of the same release have in common: not when, how and after what it was published. */
const contentsOf = (statement: PackageStatement): string => {
  const { issuedAt: _, previous: __, provenance: ___, ...contents } = statement;
  return canonicalJson(contents);
};

/** Position of the same release; the version's error where its contents are others. */
const findSame = async (entry: LogEntry, { state, publishedAt }: AdmissionView, error: unknown) => {
  const { kind, envelope } = openLogEntry(entry);
  if (!isFabricError(error, "VERSION_EXISTS") || kind !== "publish") throw error;
  // The state looks at versions after the owner's signature held.
  const said = readStatement(kind, payloadBytes(envelope));
  if (said.kind !== "publish") throw error;
  const { name, version } = said.statement;
  const known = state.release(name, version);
  if (!known) throw error;
  if (known.revoked)
    throw fabricError("RELEASE_REVOKED", {
      release: `${name}@${version}`,
      reason: known.revoked.reason,
    });
  if (contentsOf(await publishedAt(known.position)) !== contentsOf(said.statement)) throw error;
  return known.position;
};

const admitPublisher = (statement: StatementOf<"publisher">, state: RegistryState): void => {
  checkDisplayText("the publisher's name", statement.displayName);
  const look = lookSkeleton(statement.displayName);
  if (look === "")
    throw fabricError("DISPLAY_TEXT_REFUSED", {
      what: "the publisher's name",
      reason: "it has no letters",
    });
  for (const { id, displayName } of state.publishers())
    if (id !== statement.publisher && lookSkeleton(displayName) === look)
      throw fabricError("NAME_LOOKS_ALIKE", {
        name: statement.displayName,
        other: displayName,
        reason: "another publisher shows itself so",
      });
};

const admitPublication = async (
  applied: AppliedEntry & { readonly kind: "publish" },
  blobs: ReadonlyMap<Digest, Uint8Array>,
  { state, rules }: AdmissionView,
  call: Call,
): Promise<ReadonlyMap<Digest, Uint8Array>> => {
  const { statement, envelope } = applied;
  const { name, version } = statement;
  checkDisplayText("the description", statement.description);
  for (const { id, description } of statement.feeds)
    checkDisplayText(`the description of feed ${id}`, description);
  const owner = state.publisherOfKey((envelope.signatures[0]?.keyid ?? "") as Digest);
  if (owner && !state.names().has(name)) {
    const found = findLookAlike(name, owner.id, state, rules);
    if (found) throw fabricError("NAME_LOOKS_ALIKE", { name, ...found });
  }
  const found = openRelease(statement, blobs);
  if (rules.measure) {
    const measurement = await rules.measure(found, call);
    if (measurement !== statement.measurement)
      throw fabricError("RELEASE_CONTRADICTS", {
        release: `${name}@${version}`,
        reason: `it measures as ${measurement}`,
      });
  }
  return new Map(
    filesOf(statement).flatMap(({ file: { digest } }) => {
      const bytes = blobs.get(digest);
      return bytes ? [[digest, bytes] as const] : [];
    }),
  );
};

/**
 * Check an entry before a registry takes it: the log's rules first, which verify who signed, then what it names. Changes
 * nothing. Throws what `RegistryState.check` and `openRelease` throw, `NAME_LOOKS_ALIKE`, `DISPLAY_TEXT_REFUSED`,
 * `RELEASE_REVOKED`.
 */
export const admitEntry = async (
  { entry, blobs }: { readonly entry: LogEntry; readonly blobs: ReadonlyMap<Digest, Uint8Array> },
  view: AdmissionView,
  call: Call,
): Promise<Admission> => {
  let applied: AppliedEntry;
  try {
    applied = view.state.check(entry);
  } catch (error) {
    return { same: await findSame(entry, view, error), files: NOTHING };
  }
  switch (applied.kind) {
    case "publisher":
      admitPublisher(applied.statement, view.state);
      break;
    case "publish":
      return { same: null, files: await admitPublication(applied, blobs, view, call) };
    case "deprecate":
    case "revoke":
      checkDisplayText("the reason", applied.statement.reason);
      break;
    case "approve":
  }
  return { same: null, files: NOTHING };
};
