import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../bytes.ts";
import { ecrecoverFrost, identifierOf } from "./frost-suites.ts";
import { GROUP_LIMITS } from "./group-limits.ts";
import type { MemberShare } from "./key-ceremony.ts";

/** A secret pair of nonces with its public half. */
export interface NoncePair {
  /** Names the pair. */
  readonly id: string;
  readonly hiding: Uint8Array;
  readonly binding: Uint8Array;
  readonly commitments: { readonly hiding: string; readonly binding: string };
}

/**
 * Nonces that were committed to and not used. In memory alone: a crash or a copy of the disk gives none back, so that
 * none signs twice; two signatures with one nonce would tell the share.
 */
export interface NonceBook {
  /** Makes pairs (RFC 9591 section 5.1); where there is no room, the oldest are forgotten. Throws `FROST_NONCES_FULL`. */
  make(count: number): readonly NoncePair[];
  /** Whether a pair is held, by its public half. */
  holds(id: string): boolean;
  /** Gives a pair and forgets it. Throws `FROST_NONCE_UNKNOWN`. */
  take(id: string): NoncePair;
  /** Forgets all: the share's epoch ended. */
  clear(): void;
}

const idOf = (): string => bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(16)));

export const createNonceBook = (
  { index, share }: MemberShare,
  limit: number = GROUP_LIMITS.heldNonces,
): NonceBook => {
  const held = new Map<string, NoncePair>();
  const secret = { identifier: identifierOf(index), signingShare: share };
  const makeOne = (): NoncePair => {
    const { nonces, commitments } = ecrecoverFrost.commit(secret);
    const pair = {
      id: idOf(),
      ...nonces,
      commitments: {
        hiding: bytesToHex(commitments.hiding),
        binding: bytesToHex(commitments.binding),
      },
    };
    held.set(pair.id, pair);
    return pair;
  };
  return {
    make: (count) => {
      if (count > limit) throw fabricError("FROST_NONCES_FULL", { limit });
      // The oldest give way: tries that came to nothing must not end the group. What is forgotten signs nothing.
      for (const { id, hiding, binding } of held.values()) {
        if (held.size + count <= limit) break;
        hiding.fill(0);
        binding.fill(0);
        held.delete(id);
      }
      return Array.from({ length: count }, makeOne);
    },
    holds: (id) => held.has(id),
    take: (id) => {
      const pair = held.get(id);
      held.delete(id);
      if (!pair) throw fabricError("FROST_NONCE_UNKNOWN", { nonce: id.slice(0, 32) });
      return pair;
    },
    clear: () => {
      for (const { hiding, binding } of held.values()) {
        hiding.fill(0);
        binding.fill(0);
      }
      held.clear();
    },
  };
};
