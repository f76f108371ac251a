import { fetch as undiciFetch } from "undici";
import { isFabricError } from "../core/errors/fabric-error.ts";
import { createAttestedAgent, type AttestedAgentOptions } from "./create-attested-agent.ts";

/** `fetch` over connections whose other end was appraised, and its end. */
export interface AttestedFetch {
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/** Arguments that both Node's fetch and undici's take, though their types are two. */
type UndiciArguments = Parameters<typeof undiciFetch>;

/**
 * A `fetch` that sends nothing before the peer's evidence was accepted; for `createFabricClient` and the like.
 * It rejects with the refusal itself: `PEER_*`, `EVIDENCE_*`, `MEASUREMENT_REFUSED`.
 * @example
 * ```ts
 * const attested = createAttestedFetch({ rules, freshness: "challenge" });
 * const client = createFabricClient({ url: "https://host:8643", fetch: attested.fetch });
 * ```
 */
export const createAttestedFetch = (options: AttestedAgentOptions): AttestedFetch => {
  const dispatcher = createAttestedAgent(options);
  // Node's own fetch is another release of undici, whose dispatchers it does not take.
  const attested = async (...given: UndiciArguments) => {
    const [input, init] = given;
    try {
      return await undiciFetch(input, { ...init, dispatcher });
    } catch (error) {
      // It wraps whatever a connection fails with.
      if (error instanceof Error && isFabricError(error.cause)) throw error.cause;
      throw error;
    }
  };
  return {
    fetch: attested as unknown as typeof globalThis.fetch,
    close: () => dispatcher.close(),
  };
};
