import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";
import { startOf, type StartFrom } from "./start-of.ts";
import { doneAnswer } from "./subscription-answers.ts";
import {
  replayAnswer,
  webhookAnswer,
  webhookCallsAnswer,
  webhooksAnswer,
  webhookSecretAnswer,
  type WebhookAnswer,
  type WebhookCallAnswer,
  type WebhookSecretAnswer,
} from "./webhook-answers.ts";

/** Endpoints that a host sends rounds to. Every call needs the API's token (else `API_READ_ONLY`). */
export interface WebhookClient {
  list(options?: CallOptions): Promise<readonly WebhookAnswer[]>;
  /** Throws `WEBHOOK_UNKNOWN`. */
  get(id: string, options?: CallOptions): Promise<WebhookAnswer>;
  /**
   * The answer holds the secret, this once; `verifyWebhook` takes it. Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`,
   * `WEBHOOK_URL_REFUSED`, `WEBHOOK_LIMIT`, `HTTP_NAME_UNKNOWN`, `HTTP_PRIVATE_ADDRESS`.
   */
  add(
    webhook: {
      readonly url: string;
      readonly feeds: readonly string[];
      readonly description?: string;
      /** Default `now`. */
      readonly from?: StartFrom;
    },
    options?: CallOptions,
  ): Promise<WebhookSecretAnswer>;
  /** With its calls. Throws `WEBHOOK_UNKNOWN`. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** A new secret; the one before signs too for `overlapMs` (default a day). Throws `WEBHOOK_UNKNOWN`. */
  rotate(
    id: string,
    options?: { readonly overlapMs?: number } & CallOptions,
  ): Promise<WebhookSecretAnswer>;
  /** Goes on after a stop. Throws `WEBHOOK_UNKNOWN`. */
  resume(id: string, options?: CallOptions): Promise<WebhookAnswer>;
  /** Newest change first. Throws `WEBHOOK_UNKNOWN`. */
  calls(
    id: string,
    query?: {
      readonly status?: WebhookCallAnswer["status"];
      readonly limit?: number;
    } & CallOptions,
  ): Promise<readonly WebhookCallAnswer[]>;
  /**
   * Sends one call again, or every dead one, under the ids that they had. Resolves with how many. Throws
   * `WEBHOOK_UNKNOWN`, `WEBHOOK_CALL_UNKNOWN`.
   */
  replay(id: string, options?: { readonly call?: string } & CallOptions): Promise<number>;
}

const path = (id: string): string => `v1/webhooks/${encodeURIComponent(id.slice(0, 200))}`;
const options = (call: CallOptions | undefined) => ({ signal: call?.signal, alsoStatus: [] });

/** @see WebhookClient */
export const createWebhookClient = (reader: HttpReader): WebhookClient => ({
  list: (call) => reader.json("v1/webhooks", webhooksAnswer, options(call)),
  get: (id, call) => reader.json(path(id), webhookAnswer, options(call)),
  add: ({ url, feeds, description = "", from = "now" }, call) =>
    reader.json("v1/webhooks", webhookSecretAnswer, {
      ...options(call),
      method: "POST",
      body: { url, feeds, description, from: startOf(from) },
    }),
  remove: async (id, call) => {
    await reader.json(path(id), doneAnswer, { ...options(call), method: "DELETE" });
  },
  rotate: (id, { overlapMs, ...call } = {}) =>
    reader.json(`${path(id)}/rotate`, webhookSecretAnswer, {
      ...options(call),
      method: "POST",
      body: overlapMs === undefined ? {} : { overlapMs },
    }),
  resume: (id, call) =>
    reader.json(`${path(id)}/resume`, webhookAnswer, { ...options(call), method: "POST" }),
  calls: (id, { status, limit, ...call } = {}) => {
    const words = new URLSearchParams();
    if (status !== undefined) words.set("status", status);
    if (limit !== undefined) words.set("limit", String(limit));
    return reader.json(`${path(id)}/calls?${words.toString()}`, webhookCallsAnswer, options(call));
  },
  replay: async (id, { call, ...rest } = {}) => {
    const { replayed } = await reader.json(`${path(id)}/replay`, replayAnswer, {
      ...options(rest),
      method: "POST",
      body: call === undefined ? {} : { call },
    });
    return replayed;
  },
});
