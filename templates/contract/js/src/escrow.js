import { readWords } from "cryptlet-fabric/sdk";

/**
 * The escrow as one block has it: the state's place in the contract's `State`, times in ms since epoch (`deliveredAt` 0
 * before the delivery, `at` the block's), and by what the enclave knows where this was read.
 * @typedef {{
 *   readonly state: bigint,
 *   readonly deadline: number,
 *   readonly deliveredAt: number,
 *   readonly at: number,
 *   readonly reference: number,
 * }} Escrow
 */

/** As in `cryptlet.json`, which decides what may be read. */
const CONTRACT = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
/** First four bytes of keccak-256 of `state()`, `deadline()` and `deliveredAt()`. */
const SELECTORS = ["0xc19d93fb", "0x29dcb0cf", "0x9e7d9d28"];

/**
 * Throws `CHAIN_*`, and `SOURCE_SHAPE` for a contract that is no escrow.
 * @param {import("cryptlet-fabric/sdk").ChainCalls} chain
 * @returns {Escrow}
 */
export const readEscrow = (chain) => {
  const queries = SELECTORS.map((data) => ({
    kind: /** @type {const} */ ("call"),
    contract: CONTRACT,
    data,
  }));
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
