import {
  deliveriesAnswer,
  deliveryDetailAnswer,
  type DeliveryAnswer,
  type DeliveryDetailAnswer,
} from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";

/** What `list` looks for. */
export interface DeliveryQuery {
  readonly feed?: string;
  readonly round?: number;
  readonly chain?: string;
  readonly status?: DeliveryAnswer["status"];
  /** 1 to 1,000; default 100. */
  readonly limit?: number;
}

/** Deliveries of rounds to contracts. */
export interface DeliveryClient {
  /** Newest change first. */
  list(query?: DeliveryQuery & CallOptions): Promise<readonly DeliveryAnswer[]>;
  /** With its history. Throws `DELIVERY_UNKNOWN`. */
  get(id: string, options?: CallOptions): Promise<DeliveryDetailAnswer>;
  /** Tries a failed one again. Throws `DELIVERY_UNKNOWN`, `DELIVERY_NOT_FAILED`, `API_READ_ONLY`. */
  retry(id: string, options?: CallOptions): Promise<DeliveryDetailAnswer>;
}

const path = (id: string): string => `v1/deliveries/${encodeURIComponent(id.slice(0, 256))}`;
const options = (call: CallOptions | undefined) => ({ signal: call?.signal, alsoStatus: [] });

/** @see DeliveryClient */
export const createDeliveryClient = (reader: HttpReader): DeliveryClient => {
  return {
    list: async ({ signal, ...query } = {}) => {
      const words = new URLSearchParams();
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) words.set(name, String(value));
      return reader.json(`v1/deliveries?${words.toString()}`, deliveriesAnswer, {
        signal,
        alsoStatus: [],
      });
    },
    get: async (id, call) => reader.json(path(id), deliveryDetailAnswer, options(call)),
    retry: async (id, call) =>
      reader.json(`${path(id)}/retry`, deliveryDetailAnswer, { ...options(call), method: "POST" }),
  };
};
