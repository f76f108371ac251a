/** A sealed state as the host keeps it. */
export interface StoredState {
  /** Counts the writes of a scope; 0 when nothing was written yet. */
  readonly version: number;
  /** Sealed by the enclave, at most 4 MiB; empty at version 0. */
  readonly body: Uint8Array;
}

/**
 * Where the host keeps sealed states, one row per scope. It learns sizes and versions and nothing else, and is trusted
 * with nothing: a changed body does not open, and an older one is refused as long as the enclave remembers a newer.
 */
export interface StateBackend {
  /** `scope` is printable ASCII of at most 200 characters. */
  read(scope: string): Promise<StoredState>;
  /**
   * Replaces what has exactly the version `expected` by `expected + 1`, in one step. False when another version stands
   * there, and then nothing changed. True means that it is on the disk.
   */
  write(scope: string, expected: number, body: Uint8Array): Promise<boolean>;
}
