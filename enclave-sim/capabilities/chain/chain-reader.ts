import type { ChainAnswer, ChainQuery, HostCall } from "../../../src/sdk/abi.ts";

/** One look at a chain, already checked against the manifest. */
export interface ChainRequest {
  /** Name of the manifest and of the host's configuration. */
  readonly chain: string;
  readonly block: Extract<HostCall, { op: "chain.read" }>["block"];
  readonly queries: readonly ChainQuery[];
  /** Endpoints that must give the same answer. */
  readonly quorum: number;
  /** Bytes of one query's result. */
  readonly maxResultBytes: number;
}

/** What the reader saw; the capability adds reference and chain. */
export type ChainReading = Pick<ChainAnswer, "chainId" | "mode" | "block" | "quorum" | "results">;

/**
 * How the host reads its chains. All queries of a request are answered at one block, pinned by number and hash.
 * Throws `CHAIN_UNKNOWN`, `CHAIN_UNAVAILABLE`, `CHAIN_NO_QUORUM`, `CHAIN_RESULT_TOO_LARGE`.
 */
export interface ChainReader {
  read(request: ChainRequest, options: { readonly signal: AbortSignal }): Promise<ChainReading>;
}
