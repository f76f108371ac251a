import type { z } from "zod";

import { fabricError } from "../core/errors/fabric-error.ts";
import { feedIdSchema, runIdSchema } from "../core/ids.ts";
import {
  attestationAnswer,
  transcriptAnswer,
  feedAnswer,
  feedsAnswer,
  healthAnswer,
  livenessAnswer,
  roundAnswer,
  roundReceiptAnswer,
  roundsAnswer,
  type AttestationAnswer,
  type FeedAnswer,
  type HealthAnswer,
  type LivenessAnswer,
  type RoundAnswer,
  type RoundReceiptAnswer,
} from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import { createDeadLetterClient, type DeadLetterClient } from "./dead-letter-client.ts";
import { createEnvelopeClient, type EnvelopeClient } from "./envelope-client.ts";
import { createDeliveryClient, type DeliveryClient } from "./delivery-client.ts";
import { createHttpReader } from "./http-reader.ts";
import { requestRound, type RequestOptions, type RequestedRound } from "./request-round.ts";
import type { Subscription } from "./subscription.ts";
import {
  createSubscriptionClient,
  subscribe,
  type SubscribeOptions,
  type SubscriptionClient,
} from "./subscription-client.ts";
import { watchRounds } from "./watch-rounds.ts";
import { createWebhookClient, type WebhookClient } from "./webhook-client.ts";

/** Reads one fabric. Every method takes a `signal` and throws `CLIENT_*` errors beside those of the API. */
export interface FabricClient {
  readonly feeds: {
    list(options?: CallOptions): Promise<readonly FeedAnswer[]>;
    /** Throws `FEED_UNKNOWN`. */
    get(feed: string, options?: CallOptions): Promise<FeedAnswer>;
    /** Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
    latest(feed: string, options?: CallOptions): Promise<RoundAnswer>;
    round(feed: string, round: number, options?: CallOptions): Promise<RoundAnswer>;
    /**
     * The round that was valid at a time (ms since epoch, or a Date): the newest one issued by then and not run out.
     * Throws `FEED_UNKNOWN`, `ROUND_NOT_VALID_AT`.
     */
    at(feed: string, time: number | Date, options?: CallOptions): Promise<RoundAnswer>;
    /** Newest first; `before` is exclusive. */
    rounds(
      feed: string,
      page?: CallOptions & { limit?: number; before?: number },
    ): Promise<readonly RoundAnswer[]>;
    /** What became of a round on all its chains. Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
    receipt(feed: string, round: number, options?: CallOptions): Promise<RoundReceiptAnswer>;
    /** Every round after `afterRound`, in order and without gaps, over lost connections, until the signal aborts. */
    watch(
      feed: string,
      options: { afterRound?: number; signal: AbortSignal },
    ): AsyncIterable<RoundAnswer>;
  };
  /**
   * One run of a feed now; the answer is a committed round. The same `idempotencyKey` again is the same request, over
   * lost connections and restarts of both sides; without one every call is a request of its own. Waits until the run has
   * ended or the signal aborts. Needs the API's token. Throws `FEED_UNKNOWN`, `REQUEST_…`, and what the run ended with.
   */
  request(feed: string, options?: RequestOptions): Promise<RequestedRound>;
  /**
   * Rounds of feeds under a name that the host remembers: at least once, in the order of the host's record, without gaps;
   * the cursor moves only by `ack`. One consumer at a time. Needs the API's token. Throws `FEED_UNKNOWN`,
   * `ROUND_UNKNOWN`, `SUBSCRIPTION_DIFFERS`, `SUBSCRIPTION_TAKEN`, `SUBSCRIPTION_LIMIT`; the loop throws
   * `SUBSCRIPTION_NOT_ACKNOWLEDGED`, `SUBSCRIPTION_TAKEN` and `SUBSCRIPTION_UNKNOWN` besides.
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  readonly subscriptions: SubscriptionClient;
  readonly webhooks: WebhookClient;
  readonly deliveries: DeliveryClient;
  readonly deadLetters: DeadLetterClient;
  readonly envelopes: EnvelopeClient;
  readonly runs: {
    /**
     * Everything that crossed the wall in one run, plain or sealed, for `cryptlet replay`.
     * Throws `TRANSCRIPT_NOT_KEPT`.
     */
    transcript(run: string, options?: CallOptions): Promise<unknown>;
  };
  /**
   * Fresh evidence of the keys that sign, bound to a nonce of 32 bytes in hex; judge it with `createEvidenceAppraiser`.
   * Throws `CRYPTLET_UNKNOWN`.
   */
  attestation(
    request: { readonly nonce: string; readonly cryptlet?: string | undefined },
    options?: CallOptions,
  ): Promise<AttestationAnswer>;
  /** Answers with `ok: false` when a part is down; that is no error. */
  health(options?: CallOptions): Promise<HealthAnswer>;
  live(options?: CallOptions): Promise<LivenessAnswer>;
}

/** Longest wait for one answer, in ms, unless told. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** A name that no feed can have is unknown; it must not reach into another path either. */
const feedPath = (feed: string): string => {
  const id = feedIdSchema.safeParse(feed);
  if (!id.success) throw fabricError("FEED_UNKNOWN", { feed: feed.slice(0, 80) });
  return `v1/feeds/${id.data}`;
};

/** A fabric of this process: `createEmbeddedApi` of `cryptlet-fabric` gives one. */
export interface EmbeddedFabric {
  readonly fetch: typeof globalThis.fetch;
}

/** Where the fabric is: at a URL, or in this process. */
export type FabricClientOptions = (
  | { readonly url: string; readonly embedded?: undefined }
  | { readonly embedded: EmbeddedFabric; readonly url?: undefined }
) & {
  /** Bearer token of an API that asks for one. */
  readonly token?: string | null;
  /** ms, for each answer. */
  readonly timeoutMs?: number;
  /** In place of the platform's `fetch`: `createAttestedFetch` gives one that checks the host's evidence first. */
  readonly fetch?: typeof globalThis.fetch;
};

/** Base of a fabric that has no address. */
const EMBEDDED_URL = "http://embedded.invalid";

/**
 * A reader of one fabric's API.
 * @example
 * ```ts
 * import { createFabricClient, isFabricError } from "cryptlet-fabric/client";
 *
 * const fabric = createFabricClient({ url: "http://127.0.0.1:1", timeoutMs: 2_000 });
 * try {
 *   const { answer, round } = await fabric.feeds.latest("xau-usd");
 *   console.error(`round ${round}: ${answer}`);
 * } catch (error) {
 *   console.log(isFabricError(error) ? error.code : error); // CLIENT_UNREACHABLE
 * }
 * ```
 */
export const createFabricClient = (options: FabricClientOptions): FabricClient => {
  const fetch = options.embedded?.fetch ?? options.fetch;
  const reader = createHttpReader({
    url: options.url ?? EMBEDDED_URL,
    token: options.token ?? null,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    ...(fetch ? { fetch } : {}),
  });
  const read = <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    call: CallOptions | undefined,
    alsoStatus: readonly number[] = [],
  ) => reader.json(path, schema, { signal: call?.signal, alsoStatus });
  return {
    feeds: {
      list: async (call) => read("v1/feeds", feedsAnswer, call),
      get: async (feed, call) => read(feedPath(feed), feedAnswer, call),
      latest: async (feed, call) => read(`${feedPath(feed)}/latest`, roundAnswer, call),
      round: async (feed, round, call) =>
        read(`${feedPath(feed)}/rounds/${round}`, roundAnswer, call),
      at: async (feed, time, call) =>
        read(`${feedPath(feed)}/at/${Number(time)}`, roundAnswer, call),
      rounds: async (feed, page) => {
        const query = new URLSearchParams();
        if (page?.limit !== undefined) query.set("limit", String(page.limit));
        if (page?.before !== undefined) query.set("before", String(page.before));
        return read(`${feedPath(feed)}/rounds?${query.toString()}`, roundsAnswer, page);
      },
      receipt: async (feed, round, call) =>
        read(`${feedPath(feed)}/rounds/${round}/receipt`, roundReceiptAnswer, call),
      watch: (feed, { afterRound, signal }) =>
        watchRounds(reader, `${feedPath(feed)}/events`, { afterRound, signal }),
    },
    request: async (feed, call) => requestRound(reader, feedPath(feed), call),
    subscribe: (call) => subscribe(reader, call),
    subscriptions: createSubscriptionClient(reader),
    webhooks: createWebhookClient(reader),
    deliveries: createDeliveryClient(reader),
    deadLetters: createDeadLetterClient(reader),
    envelopes: createEnvelopeClient(reader),
    runs: {
      transcript: async (run, call) => {
        const id = runIdSchema.safeParse(run);
        if (!id.success) throw fabricError("RUN_NOT_STORED", { run: run.slice(0, 80) });
        return read(`v1/runs/${id.data}/transcript`, transcriptAnswer, call);
      },
    },
    attestation: async ({ nonce, cryptlet }, call) => {
      const query = new URLSearchParams({ nonce });
      if (cryptlet !== undefined) query.set("cryptlet", cryptlet);
      return read(`v1/attestation?${query.toString()}`, attestationAnswer, call);
    },
    health: async (call) => read("health", healthAnswer, call, [503]),
    live: async (call) => read("live", livenessAnswer, call, [503]),
  };
};
