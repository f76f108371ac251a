import type { StateBackend, StoredState } from "./state-backend.ts";

const NOTHING: StoredState = { version: 0, body: new Uint8Array() };

/** `StateBackend` that lives as long as its process: tests and `cryptlet run`. */
export const createMemoryState = (): StateBackend => {
  const scopes = new Map<string, StoredState>();
  return {
    read: async (scope) => scopes.get(scope) ?? NOTHING,
    write: async (scope, expected, body) => {
      if ((scopes.get(scope) ?? NOTHING).version !== expected) return false;
      scopes.set(scope, { version: expected + 1, body });
      return true;
    },
  };
};
