import { jetstream, jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Bus, PublishAck, PublishOptions, StreamConfig } from "../bus.ts";
import { checkConsumer, checkMessage, checkStream, MAX_PAYLOAD } from "../checks.ts";
import { buryMessage, deadStream } from "../dead-letter.ts";
import { checkFilter, checkSubject } from "../subject.ts";
import { withinSignal } from "../../core/within-signal.ts";
import { startNatsConsumer, type NatsConsumer } from "./nats-consumer.ts";
import { natsError } from "./nats-error.ts";
import { requestNats, subscribeNats } from "./nats-notes.ts";
import { connectionOptions, TIMEOUT_MS, type NatsOptions } from "./nats-options.ts";
import { watchStatus } from "./nats-status.ts";
import { ensureNatsConsumer, ensureNatsStream } from "./nats-streams.ts";

const OLDEST_SERVER = "2.9.0";

/**
 * The bus on NATS JetStream. It connects once or throws; later it reconnects for ever and makes lost streams and
 * consumers again. Throws `BUS_UNAVAILABLE`, `BUS_CREDENTIALS_REFUSED`, `BUS_TOO_OLD`.
 * @example
 * ```ts
 * const bus = await createNatsBus({ servers: ["nats://127.0.0.1:4222"], name: "fabric" });
 * ```
 */
export const createNatsBus = async (options: NatsOptions): Promise<Bus> => {
  const connection = await open(options);
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  const client = jetstream(connection, { timeout });
  // The check would fail while the server's JetStream still starts, which passes.
  const manager = await jetstreamManager(connection, { timeout, checkAPI: false });
  const streams = new Map<string, StreamConfig>();
  const consumers = new Set<NatsConsumer>();
  const subscriptions = new Set<{ stop(): Promise<void> }>();
  const force = new AbortController();
  const watch = watchStatus(connection, () => {
    // The server may have come back without its data; who publishes needs the streams, even if nobody consumes.
    for (const config of streams.values())
      prepareStream(config).catch((error: unknown) => {
        watch.fault(natsError(error, { subject: config.name }).message);
      });
    for (const consumer of consumers) consumer.restart();
  });

  const requireOpen = (): void => {
    if (watch.status().state === "closed") throw fabricError("BUS_CLOSED", {});
  };
  /** While the server is away the client would keep the bytes and send them later, long after we said no. */
  const requireServer = (): void => {
    requireOpen();
    if (watch.status().state === "reconnecting")
      throw fabricError("BUS_UNAVAILABLE", { reason: "reconnecting" });
  };
  const payloadLimit = (): number =>
    Math.min(MAX_PAYLOAD, Math.floor((connection.info?.max_payload ?? MAX_PAYLOAD * 2) / 2));

  const publish = async (
    subject: string,
    data: Uint8Array,
    { messageId, expectLastSequence: expected, signal }: PublishOptions,
  ): Promise<PublishAck> => {
    requireServer();
    signal?.throwIfAborted();
    try {
      const publishing = client.publish(subject, data, {
        timeout,
        ...(messageId === undefined ? {} : { msgID: messageId }),
        ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      });
      const present = watch.present();
      const ack = await withinSignal(
        publishing,
        signal ? AbortSignal.any([signal, present]) : present,
      );
      return { stream: ack.stream, sequence: ack.seq, duplicate: ack.duplicate };
    } catch (error) {
      throw signal?.aborted === true ? error : natsError(error, { subject, expected });
    }
  };

  const prepareStream = async (config: StreamConfig): Promise<void> => {
    await translate(config.name, async () => {
      await ensureNatsStream(manager, config, options.replicas ?? 1);
      await ensureNatsStream(manager, deadStream(config), options.replicas ?? 1);
    });
  };

  return {
    ensureStream: async (config, { signal } = {}) => {
      requireServer();
      checkStream(config);
      await withinSignal(prepareStream(config), signal);
      streams.set(config.name, config);
    },
    streamState: async (stream, { signal } = {}) => {
      requireServer();
      return await withinSignal(readState(manager, stream), signal);
    },
    lastMessage: async (stream, subject, { signal } = {}) => {
      requireServer();
      checkSubject(subject);
      const reading = translate(stream, async () => {
        const found = await manager.streams.getMessage(stream, { last_by_subj: subject });
        return found && { sequence: found.seq, data: found.data };
      });
      return await withinSignal(reading, signal);
    },
    publish: async (subject, data, publishOptions = {}) => {
      requireOpen();
      checkMessage(subject, data, { ...publishOptions, limit: payloadLimit() });
      return await publish(subject, data, publishOptions);
    },
    consume: async (consumeOptions, handler) => {
      requireServer();
      checkConsumer(consumeOptions);
      const { stream } = consumeOptions;
      await translate(stream, () => ensureNatsConsumer(manager, consumeOptions));
      const consumer = startNatsConsumer(
        {
          client,
          force: force.signal,
          prepare: async () => {
            const known = streams.get(stream);
            if (known) await prepareStream(known);
            await ensureNatsConsumer(manager, consumeOptions);
          },
          bury: async (message, durable, reason) => {
            const dead = buryMessage(message, durable, reason, Date.now());
            await publish(dead.subject, dead.data, { messageId: dead.messageId });
          },
          fault: (error) => {
            watch.fault(natsError(error, { subject: stream }).message);
          },
        },
        consumeOptions,
        handler,
      );
      consumers.add(consumer);
      return {
        stop: async () => {
          await consumer.stop();
          consumers.delete(consumer);
        },
      };
    },
    notify: (subject, data) => {
      requireOpen();
      checkMessage(subject, data, { limit: payloadLimit() });
      connection.publish(subject, data);
    },
    subscribe: async (subject, { queue }, handler) => {
      requireServer();
      checkFilter(subject);
      const subscription = await subscribeNats(connection, { subject, queue }, handler);
      subscriptions.add(subscription);
      return {
        stop: async () => {
          subscriptions.delete(subscription);
          await subscription.stop();
        },
      };
    },
    request: async (subject, data, requestOptions) => {
      requireServer();
      checkMessage(subject, data, { limit: payloadLimit() });
      return await requestNats(connection, subject, data, requestOptions);
    },
    status: () => watch.status(),
    onStatus: (listener) => watch.onStatus(listener),
    close: async (closeOptions) => {
      if (connection.isClosed()) return;
      const abort = (): void => {
        force.abort(closeOptions?.signal?.reason);
        void connection.close();
      };
      closeOptions?.signal?.addEventListener("abort", abort, { once: true });
      if (closeOptions?.signal?.aborted === true) abort();
      watch.closing();
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      // Draining waits for the server, which may be away: then there is nobody to wait for.
      if (watch.connected()) await connection.drain().catch(() => connection.close());
      else await connection.close();
      closeOptions?.signal?.removeEventListener("abort", abort);
      await watch.ended;
    },
  };
};

const open = async (options: NatsOptions): Promise<NatsConnection> => {
  let connection: NatsConnection;
  try {
    connection = await connect(connectionOptions(options));
  } catch (error) {
    throw natsError(error, { subject: options.name });
  }
  const version = connection.info?.version ?? "0.0.0";
  if (version.localeCompare(OLDEST_SERVER, "en", { numeric: true }) < 0) {
    await connection.close();
    throw fabricError("BUS_TOO_OLD", { version, minimum: OLDEST_SERVER });
  }
  return connection;
};

const readState = async (manager: JetStreamManager, stream: string) =>
  await translate(stream, async () => {
    const { state, created } = await manager.streams.info(stream);
    return {
      lastSequence: state.last_seq,
      messages: state.messages,
      createdAt: Date.parse(created),
    };
  });

const translate = async <Result>(stream: string, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw natsError(error, { subject: stream, stream });
  }
};
