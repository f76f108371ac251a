import { readWords, type ChainCalls } from "cryptlet-fabric/sdk";

/** The escrow as one block has it. */
export interface Escrow {
  /** Place in the contract's `State`. */
  readonly state: bigint;
  /** ms since epoch. */
  readonly deadline: number;
  /** ms since epoch; 0 before the delivery. */
  readonly deliveredAt: number;
  /** ms since epoch: the block's time. */
  readonly at: number;
  /** By what the enclave knows where this was read. */
  readonly reference: number;
}

/** As in `cryptlet.json`, which decides what may be read. */
const CONTRACT = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
/** First four bytes of keccak-256 of `state()`, `deadline()` and `deliveredAt()`. */
const SELECTORS = ["0xc19d93fb", "0x29dcb0cf", "0x9e7d9d28"];

/** Throws `CHAIN_*`, and `SOURCE_SHAPE` for a contract that is no escrow. */
export const readEscrow = (chain: ChainCalls): Escrow => {
  const queries = SELECTORS.map((data) => ({ kind: "call", contract: CONTRACT, data }) as const);
  const { results, block, reference } = chain.read("local", queries, { id: "escrow" });
  const [state, deadline, deliveredAt] = results;
  return {
    state: readWords(state).uint(0),
    deadline: readWords(deadline).time(0),
    deliveredAt: readWords(deliveredAt).time(0),
    at: block.timestamp,
    reference,
  };
};
