import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { StateManifest } from "../../../src/sdk/manifest.ts";
import { compareKeys, entryBytes } from "./state-bytes.ts";
import type { StateSnapshot } from "./state-store.ts";

/** What a run would change, all or nothing. */
export interface StateChange {
  /** Version that the run saw. */
  readonly from: number;
  /** The whole state as it shall be. */
  readonly entries: ReadonlyMap<string, string>;
}

/** The state as one run sees it: a snapshot with the run's own changes. */
export interface StateSession {
  get(key: string): string | null;
  /** Throws `STATE_QUOTA`, `STATE_READ_ONLY`. */
  put(key: string, value: string): void;
  /** Throws `STATE_READ_ONLY`. */
  delete(key: string): void;
  list(range: {
    readonly prefix: string;
    readonly after: string | null;
    readonly limit: number;
  }): readonly string[];
  /** Null when the state would stay as it was. */
  change(): StateChange | null;
}

const refuseAbove = (size: number, limit: number, unit: string): void => {
  if (size > limit) throw fabricError("STATE_QUOTA", { size, unit, limit });
};

export const createStateSession = (
  snapshot: StateSnapshot,
  quota: Pick<StateManifest, "maxBytes" | "maxKeys">,
  readOnly: boolean,
): StateSession => {
  const entries = new Map(snapshot.entries);
  let bytes = 0;
  for (const [key, value] of entries) bytes += entryBytes(key, value);
  const refuseReadOnly = () => {
    if (readOnly) throw fabricError("STATE_READ_ONLY", {});
  };
  const sizeOf = (key: string) => {
    const value = entries.get(key);
    return value === undefined ? 0 : entryBytes(key, value);
  };
  return {
    get: (key) => entries.get(key) ?? null,
    put: (key, value) => {
      refuseReadOnly();
      const size = bytes - sizeOf(key) + entryBytes(key, value);
      refuseAbove(size, quota.maxBytes, "bytes");
      refuseAbove(entries.size + (entries.has(key) ? 0 : 1), quota.maxKeys, "keys");
      entries.set(key, value);
      bytes = size;
    },
    delete: (key) => {
      refuseReadOnly();
      bytes -= sizeOf(key);
      entries.delete(key);
    },
    list: ({ prefix, after, limit }) =>
      [...entries.keys()]
        .filter((key) => key.startsWith(prefix) && (after === null || compareKeys(key, after) > 0))
        .toSorted(compareKeys)
        .slice(0, limit),
    change: () => {
      const before = snapshot.entries;
      const same =
        entries.size === before.size &&
        [...entries].every(([key, value]) => before.get(key) === value);
      return same ? null : { from: snapshot.version, entries };
    },
  };
};
