import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { findDelivery, listDeliveries } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";
import type { DeliveryDirectory } from "./fabric.ts";

/** Deliveries as the API reads them. Throws `DELIVERY_UNKNOWN`. */
export const createDeliveryDirectory = (store: Store): DeliveryDirectory => ({
  async list({ feed, status, limit }) {
    const rows = await listDeliveries(store.db, {
      ...(feed === undefined ? {} : { feed }),
      ...(status === undefined ? {} : { statuses: [status] }),
      limit,
    });
    return rows.map(toDeliveryRecord);
  },
  async get(id) {
    const row = await findDelivery(store.db, id);
    if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
    return toDeliveryRecord(row);
  },
});
