import { fabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import type { Address } from "../../core/ids.ts";
import type { DeliveryRow } from "../../store/deliveries.ts";
import { isSettled, type Delivery } from "../contract/chain-adapter.ts";
import type { EvmContext } from "./evm-context.ts";
import { costsAlike, encodeDelivery, subjectOf } from "./encode-delivery.ts";
import { GROUP_SIGNATURE_LENGTH } from "./encode-signers.ts";
import { isOvertaken } from "./refusal.ts";
import { deliveryOf } from "./submission/job-store.ts";
import type { Submitter } from "./submission/submitter.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** For a call that cannot be estimated before its time. */
const EARLY_GAS = 300_000n;

const refuse = (delivery: Delivery, reason: string): never => {
  throw fabricError("DELIVERY_INVALID", { delivery: delivery.id, reason });
};

/** What the row, the delivery and the signed bytes say must be the same. */
const checkDelivery = (delivery: Delivery, row: DeliveryRow): void => {
  const { feedHash, round } = subjectOf(delivery);
  if (feedHash !== delivery.feedHash) refuse(delivery, "it speaks of another feed");
  if (round !== delivery.round || round !== row.round) refuse(delivery, "it is of another round");
  if (row.contract !== delivery.binding.contract) refuse(delivery, "it is for another contract");
};

const isGroupSignature = ({ length }: Uint8Array): boolean => length === GROUP_SIGNATURE_LENGTH;

/** Calldata that the contract accepts now, or why it does not. The signer set is asked anew when it has changed. */
const findCall = async (
  { feeds, signer }: EvmContext,
  delivery: Delivery,
  to: Address,
  options: Options,
): Promise<{ readonly data: string; readonly refusal: FabricError | null }> => {
  const attempt = async (refresh: boolean) => {
    const known = await feeds.signerSet(to, { ...options, refresh });
    // The list goes on beside a group that was admitted since, and costs twice as much: nothing would refuse it.
    const isNews = !refresh && !known.group && delivery.signatures.some(isGroupSignature);
    const set = isNews ? await feeds.signerSet(to, { ...options, refresh: true }) : known;
    return encodeDelivery(delivery, set);
  };
  const run = async (data: string) =>
    await feeds.simulate({ from: signer.address, to, data }, options);
  let { packed, data } = await attempt(false);
  let outcome = await run(data);
  if (outcome.ok && packed) return { data, refusal: null };
  if (!outcome.ok && isOvertaken(outcome.refusal.code)) return { data, refusal: outcome.refusal };
  ({ packed, data } = await attempt(true));
  outcome = await run(data);
  return { data, refusal: outcome.ok ? null : outcome.refusal };
};

/**
 * Checks a delivery against the chain and gives its call to the submitter, which signs it. A second call with the same id
 * finds what is stored. Throws `DELIVERY_UNKNOWN`, `DELIVERY_INVALID`, `CHAIN_UNREACHABLE`, `CHAIN_REFUSED`.
 */
export const prepareDelivery = async (
  context: EvmContext,
  submitter: Submitter,
  delivery: Delivery,
  options: Options,
): Promise<DeliveryRow> => {
  const { jobs, feeds, signer } = context;
  const find = async (): Promise<DeliveryRow> => await deliveryOf(jobs, delivery.id);
  const row = await find();
  if (isSettled(row)) return row;
  if (await submitter.find(row.id)) {
    await submitter.advance(options);
    return await find();
  }
  checkDelivery(delivery, row);
  const to = await feeds.resolve(
    { contract: delivery.binding.contract, feedHash: delivery.feedHash },
    options,
  );
  const call = await findCall(context, delivery, to, options);
  const early = call.refusal?.code === "ONCHAIN_FUTURE_DATED";
  if (call.refusal && !early) {
    const { code, message } = call.refusal;
    await submitter.refuse(row, {
      status: isOvertaken(code) ? "superseded" : "failed",
      error: code,
      detail: message,
    });
    return await find();
  }
  const { data } = call;
  const gasLimit = early
    ? EARLY_GAS
    : await feeds.gasLimit(
        { from: signer.address, to, data },
        { ...options, refresh: !costsAlike(delivery) },
      );
  const { mode } = delivery.binding;
  return await submitter.submit(row, { to, data, gasLimit }, { mode, early, ...options });
};
