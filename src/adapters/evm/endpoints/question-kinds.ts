import {
  anyKey,
  blockKey,
  bytesKey,
  quantityKey,
  receiptKey,
  transactionKey,
  type AnswerKey,
} from "./answer-keys.ts";

/**
 * How the endpoints' answers to one question become one:
 * - `same`: a quorum gives the same answer. `pin` is the place of the block parameter: where they stand at different
 *   heights they are asked again about one block that a quorum has;
 * - `fact`: what is at a fixed place of the chain; a node without it is behind, one with another is wrong or reorganising;
 * - `block`: a block by tag: the newest that a quorum has reached;
 * - `vouched`: the largest number that a quorum says at least;
 * - `estimate`: the largest of a quorum that is within half of each other;
 * - `history`: fees, number by number the largest that a quorum says at least;
 * - `broadcast`: to everybody; one that takes it is enough;
 * - `any`: whoever answers first.
 */
export type QuestionKind =
  | { readonly kind: "same"; readonly key: AnswerKey; readonly pin: number | null }
  | { readonly kind: "fact"; readonly key: AnswerKey }
  | { readonly kind: "block"; readonly key: AnswerKey }
  | { readonly kind: "vouched"; readonly key: AnswerKey }
  | { readonly kind: "estimate"; readonly key: AnswerKey }
  | { readonly kind: "history" }
  | { readonly kind: "broadcast" }
  | { readonly kind: "any" };

const TAGS = new Set(["latest", "safe", "finalized", "earliest"]);
const vouched: QuestionKind = { kind: "vouched", key: quantityKey };

const kinds: Readonly<Record<string, QuestionKind>> = {
  eth_chainId: { kind: "same", key: quantityKey, pin: null },
  net_version: { kind: "same", key: anyKey, pin: null },
  eth_blockNumber: vouched,
  eth_getTransactionCount: vouched,
  eth_getBalance: vouched,
  eth_gasPrice: vouched,
  eth_maxPriorityFeePerGas: vouched,
  eth_estimateGas: { kind: "estimate", key: quantityKey },
  eth_feeHistory: { kind: "history" },
  eth_getTransactionReceipt: { kind: "fact", key: receiptKey },
  eth_getTransactionByHash: { kind: "fact", key: transactionKey },
  eth_getBlockByHash: { kind: "fact", key: blockKey },
  eth_call: { kind: "same", key: bytesKey, pin: 1 },
  eth_getCode: { kind: "same", key: bytesKey, pin: 1 },
  eth_getStorageAt: { kind: "same", key: bytesKey, pin: 2 },
  eth_getProof: { kind: "same", key: anyKey, pin: 2 },
  eth_sendRawTransaction: { kind: "broadcast" },
};

/** How a question is put to several endpoints. One that is not known here needs a quorum where it is about the chain. */
export const questionKind = (method: string, params: readonly unknown[]): QuestionKind => {
  if (method === "eth_getBlockByNumber") {
    const [block] = params;
    if (block === "pending") return { kind: "any" };
    return { kind: TAGS.has(String(block)) ? "block" : "fact", key: blockKey };
  }
  return (
    kinds[method] ??
    (method.startsWith("eth_") ? { kind: "same", key: anyKey, pin: null } : { kind: "any" })
  );
};
