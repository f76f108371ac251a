import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { ConsumeOptions, Message, MessageHandler } from "./bus.ts";

/** What a driver does with a message after its handler. */
export type Verdict =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly inMs: number }
  | { readonly kind: "dead"; readonly reason: string };

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const REDELIVERY_MARGIN_MS = 1_000;

/** Pause before the next delivery, ms: doubles from 100 up to 30 s. */
export const retryPause = (deliveries: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(deliveries - 1, 20), LONGEST_PAUSE_MS);

/**
 * When a message without a verdict is handed out again, ms: a little after the handler's own limit, so that no process
 * handles a message twice at once.
 */
export const redeliverAfter = (ackWaitMs: number): number =>
  ackWaitMs + Math.min(ackWaitMs, REDELIVERY_MARGIN_MS);

/**
 * Runs a handler within its time and says what becomes of the message; never throws. A message that was handed out
 * more than `maxDeliver` times without a verdict, because it kills its process, is dead without being tried again.
 */
export const handleMessage = async (
  message: Message,
  handler: MessageHandler,
  options: Pick<ConsumeOptions, "durable" | "ackWaitMs" | "maxDeliver">,
  context: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Verdict> => {
  const last = message.deliveries >= options.maxDeliver;
  if (message.deliveries > options.maxDeliver)
    return { kind: "dead", reason: "delivered too often without a verdict" };
  try {
    const disposition = await withinTime(message, handler, options, context);
    if (disposition === undefined) return { kind: "ack" };
    if ("deadLetter" in disposition) return { kind: "dead", reason: disposition.deadLetter };
    if (last) return { kind: "dead", reason: "retried too often" };
    return { kind: "retry", inMs: Math.max(0, disposition.retryInMs) };
  } catch (error) {
    // A handler that was told to stop has not failed.
    if (context.signal.aborted) return { kind: "retry", inMs: 0 };
    if (last) return { kind: "dead", reason: isFabricError(error) ? error.code : "INTERNAL" };
    return { kind: "retry", inMs: retryPause(message.deliveries) };
  }
};

const withinTime = async (
  message: Message,
  handler: MessageHandler,
  { durable, ackWaitMs }: Pick<ConsumeOptions, "durable" | "ackWaitMs">,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Awaited<ReturnType<MessageHandler>>> => {
  const over = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(ackWaitMs, { signal: done.signal }).then(() => {
    const late = fabricError("BUS_HANDLER_TIMEOUT", { consumer: durable, ackWaitMs });
    over.abort(late);
    throw late;
  });
  timer.catch(() => undefined);
  const work = (async () =>
    await handler(message, { signal: AbortSignal.any([signal, over.signal]) }))();
  try {
    return await Promise.race([work, timer]);
  } finally {
    done.abort();
    work.catch(() => undefined);
  }
};
