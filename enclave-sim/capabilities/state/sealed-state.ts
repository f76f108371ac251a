import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import type { Digest } from "../../../src/core/ids.ts";
import { digestOf } from "../../../src/crypto/hashes.ts";
import { decodeState, encodeState } from "./state-bytes.ts";
import type { StateBackend, StoredState } from "./state-backend.ts";
import type { StateSnapshot, StateStore } from "./state-store.ts";

/** Encrypts and authenticates under a key that no other code gets. */
export interface StateSealer {
  /** `counter` is authenticated with the bytes. */
  seal(plain: Uint8Array, counter: number): Uint8Array;
  /** Throws whatever does not open, or was sealed under a smaller counter. */
  unseal(sealed: Uint8Array, counter: number): Uint8Array;
}

/** The newest version that this enclave has read or written, and what stood there. */
interface Seen {
  readonly version: number;
  readonly digest: Digest;
}

/**
 * `StateStore` on sealed bytes that the host keeps. Version and scope are sealed with the content, so that no other
 * blob passes for it. An older version than one that was seen is refused while the enclave lives; what a host does to
 * its disk between two lives a simulator cannot know.
 */
export const createSealedState = (parts: {
  readonly cryptlet: string;
  readonly scope: string;
  readonly backend: StateBackend;
  readonly sealer: StateSealer;
}): StateStore => {
  const { cryptlet, scope, backend, sealer } = parts;
  let seen: Seen | null = null;
  const refused = (reason: string) => fabricError("STATE_REFUSED", { cryptlet, reason });
  const unavailable = (cause: unknown) =>
    fabricError(
      "STATE_UNAVAILABLE",
      { cryptlet, reason: isFabricError(cause) ? cause.code : "the host's storage failed" },
      { cause },
    );
  const headerOf = (version: number) => `cryptlet/state/v1\n${scope}\n${version}`;

  /** Throws `STATE_REFUSED` for what is behind, or beside, what was seen. */
  const checkAge = ({ version, body }: StoredState): Seen => {
    const digest = digestOf(body);
    if (seen && version < seen.version)
      throw refused(`it has version ${version}, and ${seen.version} was there before`);
    if (seen && version === seen.version && digest !== seen.digest)
      throw refused(`version ${version} is another than before`);
    return { version, digest };
  };
  const openBody = ({ version, body }: StoredState): StateSnapshot => {
    if (version === 0 && body.length === 0) return { version, entries: new Map() };
    let plain: Uint8Array;
    try {
      plain = sealer.unseal(body, version);
    } catch {
      throw refused("it was changed, or other code or another platform sealed it");
    }
    const entries = decodeState(headerOf(version), plain);
    if (!entries) throw refused("it belongs to another scope or version");
    return { version, entries };
  };

  return {
    open: async () => {
      let stored: StoredState;
      try {
        stored = await backend.read(scope);
      } catch (cause) {
        throw unavailable(cause);
      }
      const now = checkAge(stored);
      const snapshot = openBody(stored);
      seen = now;
      return snapshot;
    },
    apply: async (from, entries) => {
      const version = from + 1;
      const body = sealer.seal(encodeState(headerOf(version), entries), version);
      let written: boolean;
      try {
        written = await backend.write(scope, from, body);
      } catch (cause) {
        throw unavailable(cause);
      }
      if (!written) throw fabricError("STATE_CONFLICT", { cryptlet });
      if (!seen || version > seen.version) seen = { version, digest: digestOf(body) };
    },
  };
};
