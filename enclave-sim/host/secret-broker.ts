import type { ReleaseAnswer, ReleaseRequest } from "../../src/key-broker/protocol.ts";

/**
 * Gives a Cryptlet's secrets to the enclave that runs it. The host calls it and carries evidence in one direction and
 * ciphertext in the other; only the enclave can open what comes back.
 */
export interface SecretBroker {
  challenge(options?: { readonly signal?: AbortSignal }): Promise<{ readonly nonce: string }>;
  release(
    request: ReleaseRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReleaseAnswer>;
}

/** What the enclave's thread asks its host for in the middle of a load. */
export type AskBroker = (request: ReleaseRequest) => Promise<ReleaseAnswer>;
