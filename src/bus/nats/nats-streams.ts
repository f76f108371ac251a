import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  JetStreamApiCodes,
  JetStreamApiError,
  type ConsumerInfo,
  type JetStreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ConsumeOptions, StreamConfig } from "../bus.ts";
import { redeliverAfter } from "../handle-message.ts";

const NANOS = 1_000_000;

/** Only settings that nats-server 2.9 has: it drops newer ones without a word. */
const requestedStream = (config: StreamConfig, replicas: number) => ({
  name: config.name,
  subjects: config.subjects.toSorted(),
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  num_replicas: replicas,
  max_age: config.maxAgeMs * NANOS,
  duplicate_window: config.duplicateWindowMs * NANOS,
  max_msgs: -1,
  max_bytes: -1,
});

/** Creates the stream unless it is there; either way what the server returns must be what was asked for. */
export const ensureNatsStream = async (
  manager: JetStreamManager,
  config: StreamConfig,
  replicas: number,
): Promise<void> => {
  const requested = requestedStream(config, replicas);
  const info = (await findStream(manager, config.name)) ?? (await manager.streams.add(requested));
  const found = { ...info.config, subjects: info.config.subjects.toSorted() };
  const differences = configDifferences(requested, found);
  if (differences !== null)
    throw fabricError("BUS_STREAM_CONFIG_DIFFERS", { stream: config.name, differences });
};

const findStream = async (manager: JetStreamManager, name: string): Promise<StreamInfo | null> => {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return null;
    throw error;
  }
};

/**
 * Creates the durable consumer, or brings its times and limits up to date. Its filter decides what it has missed, so
 * that one never changes. The server waits longer than our own limit, and never gives up by itself: a message that it
 * stopped delivering would be lost without a word, while we bury it.
 */
export const ensureNatsConsumer = async (
  manager: JetStreamManager,
  options: ConsumeOptions,
): Promise<void> => {
  const { stream, durable, filterSubject } = options;
  const limits = {
    ack_wait: redeliverAfter(options.ackWaitMs) * NANOS,
    max_deliver: -1,
    max_ack_pending: options.maxInFlight ?? 1,
  };
  const requested = {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    ...(filterSubject === undefined ? {} : { filter_subject: filterSubject }),
    ...limits,
  };
  let info = await findConsumer(manager, stream, durable);
  if (!info) info = await manager.consumers.add(stream, requested);
  const foundFilter = info.config.filter_subject ?? "";
  if (foundFilter !== (filterSubject ?? ""))
    throw fabricError("BUS_CONSUMER_CONFIG_DIFFERS", {
      stream,
      consumer: durable,
      differences: `filterSubject is ${foundFilter || ">"}, asked for ${filterSubject ?? ">"}`,
    });
  if (configDifferences(limits, info.config) !== null)
    info = await manager.consumers.update(stream, durable, { ...info.config, ...limits });
  const differences = configDifferences(requested, info.config);
  if (differences !== null)
    throw fabricError("BUS_CONSUMER_CONFIG_DIFFERS", { stream, consumer: durable, differences });
};

const findConsumer = async (
  manager: JetStreamManager,
  stream: string,
  durable: string,
): Promise<ConsumerInfo | null> => {
  try {
    return await manager.consumers.info(stream, durable);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
      return null;
    throw error;
  }
};

/** Settings asked for that came back otherwise, for people; null when none did. */
const configDifferences = (requested: object, returned: object): string | null => {
  const found = new Map<string, unknown>(Object.entries(returned));
  const differences = Object.entries(requested).flatMap(([name, wanted]) => {
    const has = JSON.stringify(found.get(name));
    const asked = JSON.stringify(wanted);
    return has === asked ? [] : [`${name} is ${has ?? "missing"}, asked for ${asked}`];
  });
  return differences.length === 0 ? null : differences.join("; ");
};
