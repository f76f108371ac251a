import { randomInt } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import type { FabricId, FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";
import { logAfter } from "../store/round-log.ts";
import { findRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import {
  beginWebhookCall,
  countWebhookCalls,
  endWebhookCall,
  insertWebhookCall,
  waitingCalls,
  type WebhookCallEnd,
  type WebhookCallRow,
} from "../store/webhook-calls.ts";
import { changeWebhook, findWebhook, type WebhookRow } from "../store/webhooks.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { Gate } from "./gate.ts";
import type { WebhookKey } from "./webhook-key.ts";
import { webhookBody, webhookHeaders, webhookMessageId } from "./webhook-message.ts";
import type { WebhookReply, WebhookTransport } from "./webhook-transport.ts";

/** Calls of one webhook that are under way at once. */
const PARALLEL = 4;
/** Rounds that become calls in one transaction. */
const INTAKE = 100;
/** A call whose end was not written is tried again so long after its time limit, ms. */
const LOST_MARGIN_MS = 1_000;
/** Longest wait without a look, ms. */
const LONGEST_WAIT_MS = 30_000;
/** Longest pause that an endpoint may ask for, ms. */
const MAX_RETRY_AFTER_MS = 86_400_000;
/** A pause is longer by up to this part of itself, by chance. */
const JITTER = 5;

/** What the workers of all webhooks share. */
export interface WebhookWorkerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<FabricMetrics, "webhookCalls">;
  readonly fabric: FabricId;
  readonly key: WebhookKey;
  readonly transport: WebhookTransport;
  /** Bounds the calls of all webhooks that are under way. */
  readonly gate: Gate;
  readonly timeoutMs: number;
  readonly retryMs: readonly number[];
  readonly maxWaiting: number;
}

/** Sends one webhook's calls. */
export interface WebhookWorker {
  readonly feeds: ReadonlySet<FeedId>;
  /** There is something new: a round, a change of the webhook, a call put back. */
  notify(): void;
  /** Ends what is under way as if it got no answer; everything is stored. */
  stop(): Promise<void>;
}

const longer = (milliseconds: number): number =>
  milliseconds + randomInt(Math.floor(milliseconds / JITTER) + 1);

/** The pause that follows the try of this number; null after the last. */
export const pauseAfter = (
  attempts: number,
  retryMs: readonly number[],
  asked: number | null,
): number | null => {
  const planned = retryMs[attempts - 1];
  if (planned === undefined) return null;
  return Math.max(longer(planned), Math.min(asked ?? 0, MAX_RETRY_AFTER_MS));
};

/** Starts the worker of one webhook. What it has in mind is also in the database: it can end at any moment. */
export const startWebhookWorker = (
  parts: WebhookWorkerParts,
  { id, feeds }: Pick<WebhookRow, "id" | "feeds">,
): WebhookWorker => {
  const { store, clock, metrics, transport } = parts;
  const log = parts.log.child({ webhook: id });
  const stopping = new AbortController();
  const { signal } = stopping;
  const wake = createWake(clock);
  const underWay = new Map<string, Promise<void>>();

  /** Rounds become calls, and the cursor moves, in one transaction. True when there may be more. */
  const takeIn = async (hook: WebhookRow): Promise<boolean> => {
    const { waiting } = await countWebhookCalls(store.db, id);
    const limit = Math.min(INTAKE, parts.maxWaiting - waiting);
    if (limit <= 0) return false;
    const logged = await logAfter(store.db, hook.feeds, { after: hook.position, limit });
    const last = logged.at(-1);
    if (!last) return false;
    const at = clock.now();
    await store.transaction(
      async (trx) => {
        // Removed since it was read: calls of nobody would stay for ever.
        if (!(await changeWebhook(trx, id, { position: last.position }, at))) return;
        for (const { row } of logged)
          await insertWebhookCall(trx, {
            id: webhookMessageId(id, row.feed, row.round),
            webhook: id,
            feed: row.feed,
            round: row.round,
            at,
          });
      },
      // A power cut takes cursor and calls together.
      { sync: "later" },
    );
    return logged.length === limit;
  };

  const secretsOf = (hook: WebhookRow, now: number): readonly Uint8Array[] => {
    const both = hook.previousUntil !== null && hook.previousUntil > now && hook.generation > 1;
    return [hook.generation, ...(both ? [hook.generation - 1] : [])].map((generation) =>
      parts.key.secret(id, generation),
    );
  };

  const post = async (hook: WebhookRow, call: WebhookCallRow): Promise<WebhookReply> => {
    const row = await findRound(store.db, call.feed, call.round);
    if (!row) throw fabricError("ROUND_UNKNOWN", { feed: call.feed, round: call.round });
    const body = webhookBody(parts.fabric, row);
    const now = clock.now();
    const headers = webhookHeaders({ id: call.id, body }, secretsOf(hook, now), now);
    const limit = new AbortController();
    const end = () => limit.abort();
    signal.addEventListener("abort", end, { once: true });
    const timer = setTimeout(end, parts.timeoutMs);
    try {
      return await transport.send(id, { url: hook.url, headers, body }, { signal: limit.signal });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  };

  const stopHook = async (code: "WEBHOOK_GONE" | "WEBHOOK_KEY_CHANGED"): Promise<void> => {
    const at = clock.now();
    await store.transaction((trx) =>
      changeWebhook(trx, id, { status: "stopped", stopped: code }, at),
    );
    log.error("a webhook was stopped", { code });
  };

  /** How a try ended, and when the next one is. */
  const judge = (
    attempts: number,
    outcome: { readonly reply: WebhookReply } | { readonly error: unknown },
  ): WebhookCallEnd => {
    const now = clock.now();
    const answer = "reply" in outcome ? outcome.reply.status : null;
    if (answer !== null && answer >= 200 && answer < 300)
      return { status: "delivered", answer, error: null, nextAt: now };
    const error = "error" in outcome ? toWire(outcome.error).code : "WEBHOOK_REFUSED";
    const asked = "reply" in outcome ? outcome.reply.retryAfterMs : null;
    const pause = pauseAfter(attempts, parts.retryMs, asked);
    // What wants no more is held back as it is, for whoever resumes the webhook.
    if (answer === 410) return { status: "waiting", answer, error: "WEBHOOK_GONE", nextAt: now };
    return pause === null
      ? { status: "dead", answer, error, nextAt: now }
      : { status: "waiting", answer, error, nextAt: now + pause };
  };

  const tryOnce = async (hook: WebhookRow, call: WebhookCallRow): Promise<void> => {
    const at = clock.now();
    const lostAt = at + parts.timeoutMs + LOST_MARGIN_MS;
    // Before anything is sent: whoever dies now leaves a call that counts this try and comes again.
    await store.transaction((trx) => beginWebhookCall(trx, call.id, { at, lostAt }), {
      sync: "later",
    });
    let outcome: { readonly reply: WebhookReply } | { readonly error: unknown };
    try {
      outcome = { reply: await post(hook, call) };
    } catch (error) {
      outcome = { error };
    }
    const end =
      signal.aborted && "error" in outcome
        ? // The host stops: whatever became of this try, it is not the endpoint's fault, and comes again at the next start.
          { ...call, nextAt: at }
        : judge(call.attempts + 1, outcome);
    await store.transaction((trx) => endWebhookCall(trx, call.id, end, clock.now()), {
      sync: "later",
    });
    if (signal.aborted) return;
    metrics.webhookCalls.inc({ outcome: end.status === "waiting" ? "failed" : end.status });
    if (end.error === "WEBHOOK_GONE") await stopHook("WEBHOOK_GONE");
    if (end.status === "dead")
      log.error("a webhook's call was given up on", { call: call.id, code: end.error });
    else if (end.error !== null)
      log.warn("a webhook's call failed; it comes again", { call: call.id, code: end.error });
  };

  const begin = (hook: WebhookRow, call: WebhookCallRow): void => {
    const work = parts.gate
      .run(() => tryOnce(hook, call), { signal })
      .catch((error: unknown) => {
        if (!signal.aborted) log.error("a webhook's call could not be made", { error });
      })
      .finally(() => {
        underWay.delete(call.id);
        wake.notify();
      });
    underWay.set(call.id, work);
  };

  /** ms until the next look. */
  const turn = async (): Promise<number> => {
    const hook = await findWebhook(store.db, id);
    if (!hook || hook.status === "stopped") return LONGEST_WAIT_MS;
    if (hook.keyId !== parts.key.id) {
      await stopHook("WEBHOOK_KEY_CHANGED");
      return LONGEST_WAIT_MS;
    }
    const more = await takeIn(hook);
    const calls = await waitingCalls(store.db, id, PARALLEL + underWay.size);
    const now = clock.now();
    for (const call of calls)
      if (underWay.size < PARALLEL && call.nextAt <= now && !underWay.has(call.id))
        begin(hook, call);
    // Whatever ends wakes the loop.
    if (underWay.size >= PARALLEL) return LONGEST_WAIT_MS;
    if (more) return 0;
    const next = calls.find((call) => !underWay.has(call.id));
    return next ? Math.min(LONGEST_WAIT_MS, Math.max(0, next.nextAt - now)) : LONGEST_WAIT_MS;
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      let wait = LONGEST_WAIT_MS;
      try {
        wait = await turn();
      } catch (error) {
        log.error("a webhook's worker failed; it goes on", { error });
      }
      if (wait > 0) await wake.wait(wait, { signal }).catch(() => undefined);
    }
    await Promise.all(underWay.values());
  };
  const ended = loop();
  return {
    feeds: new Set(feeds),
    notify: () => wake.notify(),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
};
