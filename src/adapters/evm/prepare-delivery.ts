import { fabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import type { Address } from "../../core/ids.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import { decodeOnchainObservation } from "../../envelope/observation-solabi.ts";
import type { DeliveryRow } from "../../store/deliveries.ts";
import { isSettled, type Delivery } from "../contract/chain-adapter.ts";
import type { EvmContext } from "./evm-context.ts";
import { encodeSubmit, encodeUpdate } from "./encode-update.ts";
import { smallQuantity } from "./evm-rpc.ts";
import type { Fees } from "./fee-policy.ts";
import { isOvertaken } from "./refusal.ts";
import { signTransaction } from "./transaction-signer.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** The call that a transaction makes. */
export interface FeedCall {
  readonly to: Address;
  readonly data: string;
  readonly gasLimit: bigint;
}

const refuse = (delivery: Delivery, reason: string): never => {
  throw fabricError("DELIVERY_INVALID", { delivery: delivery.id, reason });
};

/** What the row, the delivery and the signed bytes say must be the same. */
const checkDelivery = (delivery: Delivery, row: DeliveryRow): void => {
  if (delivery.payloadType !== OBSERVATION_SOLABI_TYPE)
    refuse(delivery, "it is not of the form that contracts check");
  const { feedHash, round } = decodeOnchainObservation(delivery.payload);
  if (feedHash !== delivery.feedHash) refuse(delivery, "it speaks of another feed");
  if (round !== delivery.round || round !== row.round) refuse(delivery, "it is of another round");
  if (row.contract !== delivery.binding.contract) refuse(delivery, "it is for another contract");
};

/** Calldata that the contract accepts now, or why it does not. The signer set is asked anew when it has changed. */
const findCall = async (
  { feeds, signer }: EvmContext,
  delivery: Delivery,
  to: Address,
  options: Options,
): Promise<{ readonly data: string } | { readonly refusal: FabricError }> => {
  const attempt = async (refresh: boolean) => {
    const set = await feeds.signerSet(to, { ...options, refresh });
    const packed = encodeUpdate(delivery, set);
    const data = packed ?? encodeSubmit(delivery);
    return { packed: packed !== null, data };
  };
  const run = async (data: string) =>
    await feeds.simulate({ from: signer.address, to, data }, options);
  let { packed, data } = await attempt(false);
  let outcome = await run(data);
  if (outcome.ok && packed) return { data };
  if (!outcome.ok && isOvertaken(outcome.refusal.code)) return { refusal: outcome.refusal };
  ({ packed, data } = await attempt(true));
  outcome = await run(data);
  return outcome.ok ? { data } : { refusal: outcome.refusal };
};

/** The chain's count of the account's transactions, pending ones included. */
export const countTransactions = async (
  { rpc, signer }: EvmContext,
  options: Options,
  block: "pending" | "latest" = "pending",
): Promise<number> =>
  await rpc.call(smallQuantity, "eth_getTransactionCount", [signer.address, block], options);

/** Fields of the transaction that makes the call. */
export const buildTransaction = (
  { chain }: EvmContext,
  call: FeedCall,
  nonce: number,
  fees: Fees,
) => ({ chainId: chain.chainId, nonce, value: 0n, ...call, ...fees });

/**
 * Check a delivery against the chain, sign and store its transaction. A second call with the same id finds the stored
 * one. Throws `DELIVERY_UNKNOWN`, `DELIVERY_INVALID`, `CHAIN_UNREACHABLE`, `CHAIN_REFUSED`.
 */
export const prepareDelivery = async (
  context: EvmContext,
  delivery: Delivery,
  options: Options,
): Promise<DeliveryRow> => {
  const { store, feeds, fees, signer } = context;
  const row = await store.delivery(delivery.id);
  if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery: delivery.id });
  if (isSettled(row) || (await store.submissions(row.id)).length > 0) return row;
  checkDelivery(delivery, row);
  const to = await feeds.resolve(
    { contract: delivery.binding.contract, feedHash: delivery.feedHash },
    options,
  );
  const [call, fee, atLeast] = await Promise.all([
    findCall(context, delivery, to, options),
    fees.current(options),
    countTransactions(context, options),
  ]);
  if ("refusal" in call) {
    const { code, message } = call.refusal;
    const status = isOvertaken(code) ? "superseded" : "failed";
    return await store.change(row.id, [{ status, error: code, detail: message }]);
  }
  const { data } = call;
  const gasLimit = await feeds.gasLimit({ from: signer.address, to, data }, options);
  await store.sign({ delivery: row.id, atLeast }, (nonce) =>
    signTransaction(buildTransaction(context, { to, data, gasLimit }, nonce, fee), signer),
  );
  return (await store.delivery(row.id)) ?? row;
};
