import type { ConsumerMessages, JetStreamClient, JsMsg } from "@nats-io/jetstream";
import { systemClock } from "../../core/clock.ts";
import { createWake } from "../../core/wake.ts";
import type { ConsumeOptions, Consumption, Message, MessageHandler } from "../bus.ts";
import { createRunningHandlers } from "../running-handlers.ts";
import { handleMessage } from "../handle-message.ts";

/** Pause after the server refused the consumer or vanished, ms. */
const FAULT_PAUSE_MS = 500;
/** A pull lives this long, and the server shows life this often meanwhile, ms. */
const PULL_MS = 10_000;
const HEARTBEAT_MS = 2_000;

/** A running consumption; `restart` pulls anew, after a reconnection for example. */
export interface NatsConsumer extends Consumption {
  restart(): void;
}

/** What a consumer needs of its bus. */
export interface NatsConsumerHome {
  readonly client: JetStreamClient;
  /** Aborts handlers that run while the bus is forced to close. */
  readonly force: AbortSignal;
  /** Makes stream and consumer again where they are gone. */
  prepare(options: ConsumeOptions): Promise<void>;
  bury(message: Message, consumer: string, reason: string): Promise<void>;
  fault(error: unknown): void;
}

/**
 * Pulls messages of a durable consumer and settles them, until stopped. The server keeps at most `maxInFlight`
 * messages out, so whatever arrives is handled at once.
 */
export const startNatsConsumer = (
  home: NatsConsumerHome,
  options: ConsumeOptions,
  handler: MessageHandler,
): NatsConsumer => {
  const { stream, durable, maxInFlight = 1 } = options;
  const wake = createWake(systemClock);
  const halt = new AbortController();
  const stopping = options.signal ? AbortSignal.any([options.signal, halt.signal]) : halt.signal;
  const running = createRunningHandlers((error) => {
    home.fault(error);
  });
  let messages: ConsumerMessages | null = null;

  const settle = async (received: JsMsg): Promise<void> => {
    const message = readMessage(received, stream);
    const verdict = await handleMessage(message, handler, options, {
      clock: systemClock,
      signal: home.force,
    });
    if (verdict.kind === "retry") received.nak(verdict.inMs);
    else {
      if (verdict.kind === "dead") await home.bury(message, durable, verdict.reason);
      received.ack();
    }
  };

  const pull = async (): Promise<void> => {
    await home.prepare(options);
    const consumer = await home.client.consumers.get(stream, durable);
    messages = await consumer.consume({
      max_messages: maxInFlight,
      expires: PULL_MS,
      idle_heartbeat: HEARTBEAT_MS,
      abort_on_missing_resource: true,
    });
    const current = messages;
    const close = (): void => {
      void current.close();
    };
    stopping.addEventListener("abort", close, { once: true });
    if (stopping.aborted) close();
    try {
      for await (const received of current) running.start(() => settle(received));
    } finally {
      stopping.removeEventListener("abort", close);
      messages = null;
    }
  };

  const loop = async (): Promise<void> => {
    while (!stopping.aborted) {
      try {
        await pull();
      } catch (error) {
        if (!stopping.aborted) home.fault(error);
      }
      if (!stopping.aborted)
        await wake.wait(FAULT_PAUSE_MS, { signal: stopping }).catch(() => undefined);
    }
  };
  const looping = loop();

  return {
    restart: () => {
      wake.notify();
      void messages?.close();
    },
    stop: async () => {
      halt.abort();
      await looping;
      await running.idle();
    },
  };
};

const readMessage = (received: JsMsg, stream: string): Message => ({
  stream,
  sequence: received.seq,
  subject: received.subject,
  messageId: received.headers?.get("Nats-Msg-Id") || null,
  data: received.data,
  deliveries: received.info.deliveryCount,
  redelivered: received.info.deliveryCount > 1,
});
