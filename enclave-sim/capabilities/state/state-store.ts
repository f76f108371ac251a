/** State of a Cryptlet at one version. */
export interface StateSnapshot {
  /** 0: nothing was ever applied. */
  readonly version: number;
  readonly entries: ReadonlyMap<string, string>;
}

/** The state of one loaded Cryptlet, as the enclave knows it. */
export interface StateStore {
  /** What was applied last. Throws `STATE_UNAVAILABLE`, `STATE_REFUSED`. */
  open(): Promise<StateSnapshot>;
  /**
   * Replaces exactly the version `from` by the next one; two runs that began from one version never both apply.
   * Throws `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
   */
  apply(from: number, entries: ReadonlyMap<string, string>): Promise<void>;
}
