import { Transaction } from "ethers";
import type { ErrorCode } from "../../core/errors/catalogue.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Receipt } from "../../envelope/bundle.ts";
import type { DeliveryChange, DeliveryRow } from "../../store/deliveries.ts";
import { addressSchema } from "../../core/ids.ts";
import { isSettled } from "../contract/chain-adapter.ts";
import type { EvmReceipt } from "./chain-answers.ts";
import type { EvmContext } from "./evm-context.ts";
import { raiseFees, type Fees } from "./fee-policy.ts";
import { announces, findReceipt, isFinal, isKnown } from "./follow-transaction.ts";
import { buildTransaction, countTransactions, type FeedCall } from "./prepare-delivery.ts";
import { isOvertaken } from "./refusal.ts";
import type { Submission } from "./submission-store.ts";
import { signTransaction } from "./transaction-signer.ts";

interface Options {
  readonly signal: AbortSignal;
  readonly onChange: (row: DeliveryRow) => void;
}

/** First pause between two looks, ms; it doubles up to the chain's `pollMs`. */
const FIRST_PAUSE_MS = 4;
const POLL_MS = 250;
const STUCK_MS = 60_000;
/** Unknown to the node this long: broadcast again, ms. */
const REBROADCAST_MS = 2_000;
/** Transactions that one delivery may sign. */
const MAX_ATTEMPTS = 12;

const readCall = (raw: string): { call: FeedCall; fees: Fees } => {
  const transaction = Transaction.from(raw);
  const { to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas, gasPrice } = transaction;
  const fees: Fees =
    transaction.type === 2
      ? {
          type: 2,
          maxFeePerGas: maxFeePerGas ?? 0n,
          maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n,
        }
      : { type: 0, gasPrice: gasPrice ?? 0n };
  return { call: { to: addressSchema.parse(to), data, gasLimit }, fees };
};

/** Follows one delivery from its stored transactions to its end. */
export const settleDelivery = async (
  context: EvmContext,
  start: DeliveryRow,
  { signal, onChange }: Options,
): Promise<DeliveryRow> => {
  const { rpc, store, clock, chain, fees, feeds, signer } = context;
  const options = { signal };
  let row = start;
  let open = await store.submissions(row.id);
  let sentAt: number | null = null;
  let knownAt = clock.monotonic();
  let pause = FIRST_PAUSE_MS;

  const change = async (
    changes: readonly DeliveryChange[],
    submissions: Parameters<typeof store.change>[2] = [],
  ): Promise<void> => {
    row = await store.change(row.id, changes, submissions);
    onChange(row);
  };
  const hashes = (): readonly string[] => open.map(({ hash }) => hash);
  const newest = (): Submission => {
    const last = open.at(-1);
    if (!last) throw fabricError("DELIVERY_INVALID", { delivery: row.id, reason: "not prepared" });
    return last;
  };
  const broadcast = async (): Promise<void> => {
    // Whatever the node says, the chain's state decides: four clients have four texts for "known already".
    await rpc.ask("eth_sendRawTransaction", [newest().raw], options);
    sentAt ??= clock.monotonic();
    knownAt = clock.monotonic();
  };
  const sign = async (nonce: number | undefined, fee: Fees, call: FeedCall): Promise<void> => {
    if (open.length >= MAX_ATTEMPTS || row.attempts >= MAX_ATTEMPTS) return;
    const atLeast = await countTransactions(context, options);
    await store.sign(
      { delivery: row.id, atLeast, ...(nonce === undefined ? {} : { nonce }) },
      (taken) => signTransaction(buildTransaction(context, call, taken, fee), signer),
    );
    open = await store.submissions(row.id);
    row = (await store.delivery(row.id)) ?? row;
    sentAt = null;
    await broadcast();
  };

  /** A receipt of a revert: what the contract holds says whether that matters. */
  const explainRevert = async (receipt: EvmReceipt): Promise<DeliveryChange> => {
    const { to, data } = readCall(newest().raw).call;
    const outcome = await feeds.simulate({ from: signer.address, to, data }, options);
    const code: ErrorCode = outcome.ok ? "TRANSACTION_REVERTED" : outcome.refusal.code;
    const status = isOvertaken(code) ? "superseded" : "failed";
    return { status, error: code, txHash: receipt.transactionHash, detail: code };
  };

  const receiptOf = (receipt: EvmReceipt): Receipt => ({
    chain: chain.name,
    chainId: String(chain.chainId),
    contract: row.contract,
    transaction: receipt.transactionHash,
    blockNumber: receipt.blockNumber,
    blockHash: receipt.blockHash,
    round: row.round,
  });

  /** Store what the receipt says; true when the delivery has ended. */
  const land = async (receipt: EvmReceipt): Promise<boolean> => {
    const feed = readCall(newest().raw).call.to;
    const landed = {
      txHash: receipt.transactionHash,
      blockNumber: receipt.blockNumber,
      blockHash: receipt.blockHash,
    };
    const final = await isFinal(rpc, receipt, chain.finality, options);
    const isStored = row.status === "included" && row.blockHash === receipt.blockHash;
    if (isStored && !final) return false;
    const toSubmitted: DeliveryChange[] =
      row.status === "prepared" ? [{ status: "submitted", detail: receipt.transactionHash }] : [];
    const toIncluded: DeliveryChange[] = isStored
      ? []
      : [{ status: "included", ...landed, detail: `block ${receipt.blockNumber}` }];
    if (!final) {
      await change([...toSubmitted, ...toIncluded]);
      return false;
    }
    const end: DeliveryChange =
      receipt.status === 0
        ? await explainRevert(receipt)
        : announces(receipt, feed, row.round)
          ? {
              status: "final",
              error: null,
              receiptJson: JSON.stringify(receiptOf(receipt)),
              detail: `gas ${receipt.gasUsed}`,
            }
          : { status: "failed", error: "EVENT_MISSING" };
    await change(
      [...toSubmitted, ...toIncluded, end],
      [{ hash: receipt.transactionHash, status: "landed" }],
    );
    return true;
  };

  /** No receipt: is the nonce gone to something else? Then none of our transactions can land any more. */
  const isLost = async (): Promise<boolean> => {
    if ((await countTransactions(context, options, "latest")) <= newest().nonce) return false;
    // A block may have come between the two questions.
    return (await findReceipt(rpc, hashes(), options)) === null;
  };

  const startOver = async (): Promise<void> => {
    const { call } = readCall(newest().raw);
    const lost = open.map(({ hash }) => ({ hash, status: "lost" as const }));
    open = [];
    const { to, data } = call;
    const outcome = await feeds.simulate({ from: signer.address, to, data }, options);
    if (!outcome.ok) {
      const { code, message } = outcome.refusal;
      const status = isOvertaken(code) ? "superseded" : "failed";
      await change([{ status, error: code, detail: message }], lost);
      return;
    }
    await change([{ status: "prepared", detail: "nonce taken by another transaction" }], lost);
    await sign(undefined, await fees.current(options), call);
    if (open.length === 0) await change([{ status: "failed", error: "DELIVERY_ABANDONED" }]);
  };

  const waitOn = async (): Promise<void> => {
    const now = clock.monotonic();
    if (row.status === "prepared") await change([{ status: "submitted", txHash: newest().hash }]);
    else if (row.status === "included") {
      // Its block is no longer part of the chain.
      await change([
        { status: "submitted", blockNumber: null, blockHash: null, detail: "reorganised away" },
      ]);
      await broadcast();
    }
    if (sentAt !== null && now - sentAt > (chain.stuckMs ?? STUCK_MS)) {
      const { call, fees: paid } = readCall(newest().raw);
      const { nonce } = newest();
      await sign(nonce, raiseFees(paid, await fees.current(options)), call);
    } else if (now - knownAt > REBROADCAST_MS) {
      if (await isKnown(rpc, hashes(), options)) knownAt = clock.monotonic();
      else await broadcast();
    }
  };

  newest();
  await broadcast();
  for (;;) {
    const receipt = await findReceipt(rpc, hashes(), options);
    if (receipt) {
      if (await land(receipt)) return row;
    } else if (await isLost()) {
      await startOver();
      if (isSettled(row)) return row;
      continue;
    } else await waitOn();
    await clock.sleep(pause, options);
    pause = Math.min(pause * 2, chain.pollMs ?? POLL_MS);
  }
};
