import type { Clock } from "../../core/clock.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { createWake } from "../../core/wake.ts";
import type { Consumption, ConsumeOptions, Message, MessageHandler } from "../bus.ts";
import { createRunningHandlers } from "../running-handlers.ts";
import { handleMessage, redeliverAfter } from "../handle-message.ts";
import { matchesSubject } from "../subject.ts";
import type { BusLog, ConsumerKey, LoggedMessage } from "./bus-log.ts";

/** Pause after the log failed, and longest wait without news, ms. */
const FAULT_PAUSE_MS = 500;
const IDLE_MS = 60_000;

/** A running consumption; `notify` says that its stream has something new. */
export interface MemoryConsumer extends Consumption {
  notify(): void;
  /** False once it takes no more messages. */
  readonly active: boolean;
}

/** What a consumer needs of its bus. */
export interface ConsumerHome {
  readonly log: BusLog;
  readonly clock: Clock;
  /** Aborts handlers that run while the bus is forced to close. */
  readonly force: AbortSignal;
  bury(message: Message, consumer: string, reason: string): Promise<void>;
  fault(error: unknown): void;
}

/** Takes messages of a durable consumer from the log and settles them, until stopped. */
export const startMemoryConsumer = (
  home: ConsumerHome,
  options: ConsumeOptions,
  handler: MessageHandler,
): MemoryConsumer => {
  const { log, clock, force } = home;
  const { stream, durable, filterSubject = ">", ackWaitMs, maxInFlight = 1 } = options;
  const key: ConsumerKey = { stream, consumer: durable };
  const wake = createWake(clock);
  const halt = new AbortController();
  const stopping = options.signal ? AbortSignal.any([options.signal, halt.signal]) : halt.signal;
  const running = createRunningHandlers(
    (error) => {
      home.fault(error);
    },
    () => {
      wake.notify();
    },
  );

  const settle = async (logged: LoggedMessage): Promise<void> => {
    const message: Message = { ...logged, stream, redelivered: logged.deliveries > 1 };
    const verdict = await handleMessage(message, handler, options, { clock, signal: force });
    if (verdict.kind === "retry")
      await log.postpone(key, message.sequence, clock.now() + verdict.inMs);
    else {
      if (verdict.kind === "dead") await home.bury(message, durable, verdict.reason);
      await log.settle(key, message.sequence);
    }
  };

  /** Takes what there is; gives how long to wait for more, ms. */
  const step = async (): Promise<number> => {
    const room = maxInFlight - running.size;
    if (room <= 0) return IDLE_MS;
    const at = clock.now();
    const { messages, nextDueAt } = await log.take(key, {
      limit: room,
      maxPending: maxInFlight,
      at,
      dueAt: at + redeliverAfter(ackWaitMs),
      takes: (subject) => matchesSubject(filterSubject, subject),
    });
    for (const message of messages) running.start(() => settle(message));
    if (messages.length > 0 && running.size < maxInFlight) return 0;
    return nextDueAt === null ? IDLE_MS : Math.min(IDLE_MS, Math.max(1, nextDueAt - clock.now()));
  };

  const loop = async (): Promise<void> => {
    while (!stopping.aborted) {
      let pause = FAULT_PAUSE_MS;
      try {
        pause = await step();
      } catch (error) {
        if (isFabricError(error, "STORE_CLOSED")) return;
        home.fault(error);
      }
      if (pause > 0) await wake.wait(pause, { signal: stopping }).catch(() => undefined);
    }
  };
  const looping = loop();

  return {
    notify: () => {
      wake.notify();
    },
    get active() {
      return !stopping.aborted;
    },
    stop: async () => {
      halt.abort();
      await looping;
      await running.idle();
    },
  };
};
