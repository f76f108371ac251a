import type { ErrorCode } from "../../core/errors/catalogue.ts";
import type { DeliveryRecord } from "./chain-adapter.ts";

/** A delivery as the database keeps it (`DeliveryRow` of src/store). */
type StoredDelivery = Omit<DeliveryRecord, "transaction" | "error"> & {
  readonly txHash: string | null;
  readonly error: string | null;
};

/** A stored delivery as the port, the API and the events tell it. */
export const toDeliveryRecord = (row: StoredDelivery): DeliveryRecord => ({
  id: row.id,
  feed: row.feed,
  round: row.round,
  chain: row.chain,
  contract: row.contract,
  status: row.status,
  subStatus: row.subStatus,
  transaction: row.txHash,
  blockNumber: row.blockNumber,
  // Only codes of the catalogue are written there.
  error: row.error as ErrorCode | null,
  attempts: row.attempts,
  updatedAt: row.updatedAt,
});
