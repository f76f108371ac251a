import { isFabricError } from "../core/errors/fabric-error.ts";
import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";
import { pause } from "./pause.ts";
import { startOf, type StartFrom } from "./start-of.ts";
import { createSubscription, type Subscription, type SubscriptionDesk } from "./subscription.ts";
import {
  doneAnswer,
  eventsAnswer,
  sessionAnswer,
  subscriptionAnswer,
  subscriptionsAnswer,
  type SubscriptionAnswer,
} from "./subscription-answers.ts";

/** What `subscribe` is asked for. */
export interface SubscribeOptions extends CallOptions {
  /** The subscription's name on its host: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly name: string;
  readonly feeds: readonly string[];
  /** Where a subscription that is new begins; one that is there goes on at its cursor. Default `now`. */
  readonly from?: StartFrom;
  /** How this consumer calls itself; one that comes back under its name need not wait for its old session to end. */
  readonly consumer?: string;
  /** Wait while another consumer holds it, in place of `SUBSCRIPTION_TAKEN`. */
  readonly wait?: boolean;
  /** Events in hand without acknowledgement, 1 to 1,000; default 100. */
  readonly window?: number;
  /** ms without any acknowledgement, while the window is full, after which reading fails; default 60,000. */
  readonly ackTimeoutMs?: number;
}

/** Subscriptions as their host keeps them. Every call needs the API's token (else `API_READ_ONLY`). */
export interface SubscriptionClient {
  list(options?: CallOptions): Promise<readonly SubscriptionAnswer[]>;
  /** Throws `SUBSCRIPTION_UNKNOWN`. */
  get(name: string, options?: CallOptions): Promise<SubscriptionAnswer>;
  /** Throws `SUBSCRIPTION_UNKNOWN`. */
  remove(name: string, options?: CallOptions): Promise<void>;
  /**
   * Moves the cursor, so that rounds come again or are left out; whoever reads begins anew. Throws
   * `SUBSCRIPTION_UNKNOWN`, `FEED_UNKNOWN`, `ROUND_UNKNOWN`.
   */
  seek(name: string, to: StartFrom, options?: CallOptions): Promise<SubscriptionAnswer>;
}

const WINDOW = 100;
const MAX_WINDOW = 1_000;
const ACK_TIMEOUT_MS = 60_000;
/** How long a question waits at the host: below what proxies usually allow. */
const WAIT_MS = 20_000;
/** Between two looks whether another consumer has ended, ms. */
const TAKEN_MS = 1_000;

const path = (name: string): string => `v1/subscriptions/${encodeURIComponent(name.slice(0, 200))}`;
const options = (signal: AbortSignal | undefined) => ({ signal, alsoStatus: [] });

/** @see SubscriptionClient */
export const createSubscriptionClient = (reader: HttpReader): SubscriptionClient => ({
  list: (call) => reader.json("v1/subscriptions", subscriptionsAnswer, options(call?.signal)),
  get: (name, call) => reader.json(path(name), subscriptionAnswer, options(call?.signal)),
  remove: async (name, call) => {
    await reader.json(path(name), doneAnswer, { ...options(call?.signal), method: "DELETE" });
  },
  seek: (name, to, call) =>
    reader.json(`${path(name)}/seek`, subscriptionAnswer, {
      ...options(call?.signal),
      method: "POST",
      body: { to: startOf(to) },
    }),
});

const createDesk = (reader: HttpReader, name: string, consumer: string): SubscriptionDesk => {
  const post = (what: string, body: unknown, signal: AbortSignal | undefined) => ({
    path: `${path(name)}/${what}`,
    options: { ...options(signal), method: "POST" as const, body },
  });
  return {
    open: async (signal) => {
      const ask = post("session", { consumer }, signal);
      return reader.json(ask.path, sessionAnswer, ask.options);
    },
    renew: async (session, signal) => {
      const ask = post("renew", { session }, signal);
      return reader.json(ask.path, sessionAnswer, ask.options);
    },
    release: async (session) => {
      const ask = post("release", { session }, undefined);
      await reader.json(ask.path, doneAnswer, ask.options);
    },
    pull: async (request, signal) => {
      const ask = post("pull", request, signal);
      return reader.json(ask.path, eventsAnswer, { ...ask.options, extraMs: request.waitMs });
    },
    acknowledge: async (session, position, signal) => {
      const ask = post("ack", { session, position }, signal);
      await reader.json(ask.path, doneAnswer, ask.options);
    },
  };
};

/** Opens a subscription, which is made unless it is there. @see FabricClient */
export const subscribe = async (
  reader: HttpReader,
  request: SubscribeOptions,
): Promise<Subscription> => {
  const { name, feeds, from = "now", consumer = globalThis.crypto.randomUUID() } = request;
  const signal = request.signal ?? new AbortController().signal;
  const window = Math.min(MAX_WINDOW, Math.max(1, Math.trunc(request.window ?? WINDOW)));
  await reader.json(path(name), subscriptionAnswer, {
    ...options(signal),
    method: "PUT",
    body: { feeds, from: startOf(from) },
  });
  const desk = createDesk(reader, name, consumer);
  const settings = {
    name,
    window,
    ackTimeoutMs: request.ackTimeoutMs ?? ACK_TIMEOUT_MS,
    waitMs: WAIT_MS,
    wait: request.wait ?? false,
    signal,
  };
  return createSubscription(desk, settings, await openFirst(desk, settings));
};

const openFirst = async (
  desk: SubscriptionDesk,
  { wait, signal }: { readonly wait: boolean; readonly signal: AbortSignal },
) => {
  for (;;) {
    try {
      return await desk.open(signal);
    } catch (error) {
      if (!wait || !isFabricError(error, "SUBSCRIPTION_TAKEN")) throw error;
      await pause(TAKEN_MS, signal);
      if (signal.aborted) throw signal.reason;
    }
  }
};
