import { systemClock, type Clock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Bus, BusStatus, PublishAck, PublishOptions, StreamConfig } from "../bus.ts";
import { checkConsumer, checkMessage, checkStream } from "../checks.ts";
import { buryMessage, deadStream } from "../dead-letter.ts";
import { matchesSubject, overlapping, checkFilter, checkSubject } from "../subject.ts";
import { streamDifferences } from "../stream-differences.ts";
import { withinSignal } from "../../core/within-signal.ts";
import type { BusLog } from "./bus-log.ts";
import { startMemoryConsumer, type MemoryConsumer } from "./memory-consumer.ts";
import { createNoteHub } from "./note-hub.ts";

/** At most this often are old messages of a stream looked for, ms. */
const PRUNE_EVERY_MS = 60_000;

interface KnownStream {
  readonly config: StreamConfig;
  prunedAt: number;
}

/**
 * The bus inside one process: its streams lie in the fabric's database and outlive the process.
 * @example
 * ```ts
 * const bus = await createMemoryBus({ log: createStoreBusLog(store) });
 * ```
 */
export const createMemoryBus = async ({
  log,
  clock = systemClock,
}: {
  readonly log: BusLog;
  readonly clock?: Clock;
}): Promise<Bus> => {
  const streams = new Map<string, KnownStream>();
  for (const { name, configJson } of await log.streams())
    streams.set(name, { config: JSON.parse(configJson) as StreamConfig, prunedAt: 0 });
  const hub = createNoteHub();
  const consumers = new Map<
    MemoryConsumer,
    { readonly stream: string; readonly durable: string }
  >();
  const listeners = new Set<(status: BusStatus) => void>();
  const force = new AbortController();
  let lastFault = "";
  let state: BusStatus["state"] = "connected";

  const status = (): BusStatus => ({
    state,
    detail: lastFault === "" ? "in process" : `in process; last fault: ${lastFault}`,
  });
  const changed = (): void => {
    for (const listener of listeners) listener(status());
  };
  const requireOpen = (): void => {
    if (state === "closed") throw fabricError("BUS_CLOSED", {});
  };

  const createStream = async (config: StreamConfig): Promise<void> => {
    const known = streams.get(config.name);
    if (known) {
      const differences = streamDifferences(config, known.config);
      if (differences !== null)
        throw fabricError("BUS_STREAM_CONFIG_DIFFERS", { stream: config.name, differences });
      return;
    }
    for (const { config: other } of streams.values())
      for (const filter of config.subjects)
        if (other.subjects.some((taken) => overlapping(filter, taken)))
          throw fabricError("BUS_STREAM_INVALID", {
            stream: config.name,
            reason: `${filter} overlaps stream ${other.name}`,
          });
    const { name, subjects, maxAgeMs, duplicateWindowMs } = config;
    const configJson = JSON.stringify({ name, subjects, maxAgeMs, duplicateWindowMs });
    await log.createStream({ name, configJson, createdAt: clock.now() });
    streams.set(name, { config, prunedAt: clock.now() });
  };

  const append = async (
    subject: string,
    data: Uint8Array,
    { messageId, expectLastSequence }: PublishOptions,
  ): Promise<PublishAck> => {
    const stream = [...streams.values()].find(({ config }) =>
      config.subjects.some((filter) => matchesSubject(filter, subject)),
    );
    if (!stream) throw fabricError("BUS_STREAM_MISSING", { subject });
    const { name, duplicateWindowMs, maxAgeMs } = stream.config;
    const at = clock.now();
    const ack = await log.append({
      stream: name,
      subject,
      messageId: messageId ?? null,
      data,
      at,
      duplicatesSince: at - duplicateWindowMs,
      expectLast: expectLastSequence ?? null,
    });
    if (!ack.duplicate)
      for (const [consumer, of] of consumers) if (of.stream === name) consumer.notify();
    if (at - stream.prunedAt > PRUNE_EVERY_MS) {
      stream.prunedAt = at;
      await log.prune(name, at - maxAgeMs);
    }
    return { stream: name, ...ack };
  };

  return {
    ensureStream: async (config) => {
      requireOpen();
      checkStream(config);
      await createStream(config);
      await createStream(deadStream(config));
    },
    streamState: async (stream) => {
      requireOpen();
      return await log.streamState(stream);
    },
    lastMessage: async (stream, subject) => {
      requireOpen();
      checkSubject(subject);
      return await log.lastMessage(stream, subject);
    },
    publish: async (subject: string, data: Uint8Array, options: PublishOptions = {}) => {
      requireOpen();
      checkMessage(subject, data, options);
      options.signal?.throwIfAborted();
      const ack = await withinSignal(append(subject, data, options), options.signal);
      hub.notify(subject, data);
      return ack;
    },
    consume: async (options, handler) => {
      requireOpen();
      checkConsumer(options);
      const { stream, durable, filterSubject = ">" } = options;
      const key = { stream, consumer: durable };
      const known = await log.ensureConsumer({ ...key, filterSubject });
      if (known !== filterSubject)
        throw fabricError("BUS_CONSUMER_CONFIG_DIFFERS", {
          stream,
          consumer: durable,
          differences: `filterSubject is ${known}, asked for ${filterSubject}`,
        });
      const shared = [...consumers].some(
        ([other, of]) => other.active && of.stream === stream && of.durable === durable,
      );
      // The bus lives in one process: what is out while nobody here consumes belongs to one that is gone.
      if (!shared) await log.releasePending(key, clock.now());
      const consumer = startMemoryConsumer(
        {
          log,
          clock,
          force: force.signal,
          bury: async (message, by, reason) => {
            const dead = buryMessage(message, by, reason, clock.now());
            await append(dead.subject, dead.data, { messageId: dead.messageId });
          },
          fault: (error) => {
            lastFault = error instanceof Error ? error.message : "unknown";
            changed();
          },
        },
        options,
        handler,
      );
      consumers.set(consumer, { stream, durable });
      return {
        stop: async () => {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },
    notify: (subject, data) => {
      requireOpen();
      checkMessage(subject, data);
      hub.notify(subject, data);
    },
    subscribe: async (subject, { queue }, handler) => {
      requireOpen();
      checkFilter(subject);
      return hub.subscribe(subject, queue ?? null, handler);
    },
    request: async (subject, data, { timeoutMs, signal }) => {
      requireOpen();
      checkMessage(subject, data);
      const over = new AbortController();
      const late = (async (): Promise<never> => {
        await clock.sleep(timeoutMs, { signal: over.signal });
        throw fabricError("BUS_REQUEST_TIMEOUT", { subject, timeoutMs });
      })();
      late.catch(() => undefined);
      try {
        return await withinSignal(Promise.race([hub.ask(subject, data), late]), signal);
      } finally {
        over.abort();
      }
    },
    status,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close: async (options) => {
      if (state === "closed") return;
      state = "closed";
      const abort = (): void => {
        force.abort(options?.signal?.reason);
      };
      options?.signal?.addEventListener("abort", abort, { once: true });
      if (options?.signal?.aborted === true) abort();
      await Promise.all([...consumers.keys()].map((consumer) => consumer.stop()));
      await hub.idle();
      options?.signal?.removeEventListener("abort", abort);
      changed();
    },
  };
};
