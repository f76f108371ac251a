import { z } from "zod";
import { quantity, type RpcAnswer } from "../evm-rpc.ts";

/** Gives equal text for answers that say the same; null for one that has not the method's form. */
export type AnswerKey = (answer: RpcAnswer) => string | null;

/** Key of a null: the node does not have it, or not yet. */
export const ABSENT = "absent";
/** Key of a refusal without revert data. Four clients have four texts for it. */
export const REFUSED = "refused";

const hexText = z
  .string()
  .regex(/^0x[0-9a-fA-F]*$/)
  .transform((text) => text.toLowerCase());
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase());

/** Refusals agree by what they revert with. */
const faultKey = (answer: RpcAnswer): string | null =>
  answer.ok
    ? null
    : answer.fault.data === null
      ? REFUSED
      : `reverted ${answer.fault.data.toLowerCase()}`;

const keyBy =
  <Schema extends z.ZodType>(
    schema: Schema,
    text: (value: z.output<Schema>) => string,
  ): AnswerKey =>
  (answer) => {
    if (!answer.ok) return faultKey(answer);
    if (answer.result === null) return ABSENT;
    const parsed = schema.safeParse(answer.result);
    return parsed.success ? text(parsed.data) : null;
  };

/** An amount, as its number and not as its text. */
export const quantityKey: AnswerKey = keyBy(quantity, String);

/** Bytes, such as `eth_call` gives. */
export const bytesKey: AnswerKey = keyBy(hexText, (text) => text);

/** A block is its hash; what else is used of it is held against the others all the same. */
export const blockKey: AnswerKey = keyBy(
  z.object({
    number: quantity,
    hash,
    parentHash: hash,
    timestamp: quantity,
    baseFeePerGas: quantity.nullish(),
  }),
  ({ number, hash: own, parentHash, timestamp, baseFeePerGas }) =>
    [number, own, parentHash, timestamp, baseFeePerGas ?? ""].join(" "),
);

const receiptSchema = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  status: quantity.nullish(),
  gasUsed: quantity,
  effectiveGasPrice: quantity.nullish(),
  contractAddress: hexText.nullish(),
  logs: z
    .array(z.object({ address: hexText, topics: z.array(hash).max(4), data: hexText }))
    .max(10_000),
});

/** A receipt with everything that is decided by. */
export const receiptKey: AnswerKey = keyBy(receiptSchema, (receipt) =>
  JSON.stringify([
    receipt.transactionHash,
    String(receipt.blockNumber),
    receipt.blockHash,
    String(receipt.status),
    String(receipt.gasUsed),
    String(receipt.effectiveGasPrice),
    receipt.contractAddress ?? null,
    receipt.logs.map(({ address, topics, data }) => [address, topics, data]),
  ]),
);

/** Whether it is known. Where it stands is the receipt's word. */
export const transactionKey: AnswerKey = keyBy(
  z.object({ hash, nonce: quantity }),
  (transaction) => `${transaction.hash} ${transaction.nonce}`,
);

const sorted = (value: unknown, depth = 0): unknown => {
  if (depth > 16) return "too deep";
  if (typeof value === "string") return /^0x[0-9a-f]*$/i.test(value) ? value.toLowerCase() : value;
  if (Array.isArray(value)) return value.map((one) => sorted(one, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, one]: [string, unknown]) => [name, sorted(one, depth + 1)]);
};

/** Any JSON, with the order of names and the case of hex left out. */
export const anyKey: AnswerKey = keyBy(z.unknown(), (value) => JSON.stringify(sorted(value)) ?? "");

/** Number and hash of a block's answer; null when it is none. */
export const blockPlace = (
  answer: RpcAnswer,
): { readonly number: bigint; readonly hash: string } | null =>
  answer.ok ? (z.object({ number: quantity, hash }).safeParse(answer.result).data ?? null) : null;

/** Where a receipt or a mined transaction says it is; null when it does not. */
export const minedPlace = (
  answer: RpcAnswer,
): { readonly number: bigint; readonly hash: string } | null => {
  const schema = z.object({ blockNumber: quantity, blockHash: hash });
  const parsed = answer.ok ? schema.safeParse(answer.result).data : undefined;
  return parsed ? { number: parsed.blockNumber, hash: parsed.blockHash } : null;
};

/** The number that an answer is; null when it is none. */
export const quantityOf = (answer: RpcAnswer): bigint | null =>
  answer.ok ? (quantity.safeParse(answer.result).data ?? null) : null;
