/** Where a release stands: `deprecated` still runs and is shown last, `revoked` is hidden unless it is asked for. */
export type RegistryReleaseState = "published" | "deprecated" | "revoked";

/** One published package as search knows it. Everything here is derived from the registry's log. */
export interface RegistryPackageTable {
  name: string;
  /** Its row in the full-text table, and its place: a lower one comes first. */
  place: number;
  /** Version that a person is shown. */
  version: string;
  /** State of that version. */
  state: RegistryReleaseState;
  /** Log position of its newest release. */
  position: number;
  /** Other publishers whose newest releases call it. */
  dependents: number;
}

/** One release, with what search needs to know of it. */
export interface RegistryReleaseTable {
  name: string;
  version: string;
  /** Log position of its publication. */
  position: number;
  state: RegistryReleaseState;
  /** Why it was deprecated or revoked; null for one that stands. */
  reason: string | null;
  /** The release as `src/registry/search` reads it. */
  document_json: string;
}

/** Which package's newest release calls which other one. */
export interface RegistryCallTable {
  caller: string;
  callee: string;
  /** Who publishes the caller. */
  publisher: string;
}

/** A word with up to one of its first characters left out, for finding it by a typing error. */
export interface RegistryTypoTable {
  variant: string;
  word: string;
}

/** How far the log is in the index. One row, `id` 1. */
export interface RegistryCursorTable {
  id: number;
  /** Name of the log. */
  origin: string;
  /** Entries that are in. */
  size: number;
  /** Root of the tree of that size, hex: another one is another history. */
  root: string;
}

/** Words of the packages, by the place of the package. The columns hold no text that could be read back. */
export interface RegistryWordsTable {
  rowid: number;
  name: string;
  offers: string;
  description: string;
  facets: string;
}

/** Every word of `registry_words`, and in how many packages it stands. Read only. */
export interface RegistryVocabularyTable {
  term: string;
  doc: number;
}
