/** A Cryptlet's state over several test runs, as the enclave keeps it: an accepted run's changes count, a refused one's do not. */
export interface StateMock {
  /** As the last accepted run left it. */
  readonly entries: Readonly<Record<string, string>>;
  /** For the kit. */
  replace(entries: Readonly<Record<string, string>>): void;
}

/**
 * A state that one test's runs share.
 * @example
 * ```ts
 * const state = mockState({ round: "1" });
 * state.entries["round"]; // "1"
 * ```
 */
export const mockState = (entries: Readonly<Record<string, string>> = {}): StateMock => {
  let held = { ...entries };
  return {
    get entries() {
      return held;
    },
    replace: (next) => {
      held = { ...next };
    },
  };
};

/** What a state, mocked or written out, holds. */
export const entriesOf = (
  state: Readonly<Record<string, string>> | StateMock | undefined,
): Readonly<Record<string, string>> => {
  if (state === undefined) return {};
  return isStateMock(state) ? state.entries : state;
};

/** A written-out state has texts only. */
export const isStateMock = (
  state: Readonly<Record<string, string>> | StateMock | undefined,
): state is StateMock => typeof state?.replace === "function";
