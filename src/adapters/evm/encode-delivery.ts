import { fabricError } from "../../core/errors/fabric-error.ts";
import type { FeedHash } from "../../core/ids.ts";
import { BATCH_SOLABI_TYPE, decodeOnchainBatch } from "../../envelope/batch-solabi.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import { decodeOnchainObservation } from "../../envelope/observation-solabi.ts";
import type { Delivery } from "../contract/chain-adapter.ts";
import { encodeBatch } from "./encode-batch.ts";
import type { SignerSet } from "./encode-signers.ts";
import { encodeSubmit, encodeUpdate } from "./encode-update.ts";

/** Calldata of a delivery; `packed` is false where the signatures do not fit the set and the contract shall say why. */
export interface EncodedDelivery {
  readonly data: string;
  readonly packed: boolean;
}

/**
 * Feed and round that the signed bytes speak of. Throws `DELIVERY_INVALID` when their form and the binding's do not go
 * together, `STATEMENT_MALFORMED`.
 */
export const subjectOf = (
  delivery: Delivery,
): { readonly feedHash: FeedHash; readonly round: number } => {
  const { payload, payloadType, binding } = delivery;
  const isSingle = (binding.form ?? "single") === "single";
  if (payloadType === OBSERVATION_SOLABI_TYPE && isSingle) return decodeOnchainObservation(payload);
  if (payloadType === BATCH_SOLABI_TYPE && !isSingle) {
    const { batchHash, round } = decodeOnchainBatch(payload);
    return { feedHash: batchHash, round };
  }
  throw fabricError("DELIVERY_INVALID", {
    delivery: delivery.id,
    reason: `${payloadType} in the form ${binding.form ?? "single"}`,
  });
};

/**
 * The call that puts a delivery on chain, in its binding's form. Throws what `encodeUpdate` and `encodeBatch` throw, and
 * `ONCHAIN_UNDER_SIGNED` for a batch whose signatures do not fit the set.
 */
export const encodeDelivery = (delivery: Delivery, set: SignerSet): EncodedDelivery => {
  const form = delivery.binding.form ?? "single";
  if (form === "single") {
    const packed = encodeUpdate(delivery, set);
    return { data: packed ?? encodeSubmit(delivery), packed: packed !== null };
  }
  const { statement, payload, signatures } = delivery;
  if (!statement)
    throw fabricError("DELIVERY_INVALID", { delivery: delivery.id, reason: "no statement" });
  const data = encodeBatch({ payload, signatures, statement }, form, set);
  if (data !== null) return { data, packed: true };
  throw fabricError("ONCHAIN_UNDER_SIGNED", {
    signatures: signatures.length,
    threshold: set.threshold,
  });
};

/** Whether the calls of a form cost alike when they are equally long. In a batch each value may be the first of its place. */
export const costsAlike = ({ binding }: Delivery): boolean =>
  (binding.form ?? "single") === "single" || binding.form === "root";
