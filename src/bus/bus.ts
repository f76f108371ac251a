/**
 * Transport between the parts of a fabric and between hosts. The database is the record: whatever a bus loses,
 * the outbox publishes again.
 *
 * Subjects are tokens of letters, digits, `-` and `_`, joined by dots; in filters `*` stands for one token and a last
 * `>` for one or more.
 */
export interface Bus {
  /**
   * Creates the stream, or checks that the existing one is as asked for. Also creates `<name>_DEAD` for messages
   * that no delivery could settle. Throws `BUS_STREAM_CONFIG_DIFFERS`, `BUS_STREAM_INVALID`.
   */
  ensureStream(config: StreamConfig, options?: Cancellable): Promise<void>;
  /** What the stream holds. Throws `BUS_STREAM_UNKNOWN`. */
  streamState(stream: string, options?: Cancellable): Promise<StreamState>;
  /**
   * The newest message of one plain subject that the stream keeps; null where there is none. With
   * `expectLastSequence` a register of one value. Throws `BUS_STREAM_UNKNOWN`, `BUS_SUBJECT_INVALID`.
   */
  lastMessage(
    stream: string,
    subject: string,
    options?: Cancellable,
  ): Promise<{ readonly sequence: number; readonly data: Uint8Array } | null>;
  /**
   * Stores a message in the stream that takes its subject and resolves when the stream has it. The same `messageId`
   * within the stream's duplicate window is stored once. Throws `BUS_SUBJECT_INVALID`, `BUS_PAYLOAD_TOO_LARGE`,
   * `BUS_STREAM_MISSING`, `BUS_SEQUENCE_DIFFERS`, `BUS_DENIED`, `BUS_UNAVAILABLE`, `BUS_CLOSED`.
   */
  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<PublishAck>;
  /**
   * Hands every message of a durable consumer to `handler`, at least once and in stream order as far as
   * `maxInFlight` is 1. What was handed out by a process that died comes again after `ackWaitMs`.
   */
  consume(options: ConsumeOptions, handler: MessageHandler): Promise<Consumption>;
  /** Sends to whoever listens now; nobody listening is no fault. */
  notify(subject: string, data: Uint8Array): void;
  /** Hears notifications, requests and published messages while it lasts; of a queue group one member hears each. */
  subscribe(
    subject: string,
    options: { readonly queue?: string },
    handler: NoteHandler,
  ): Promise<Subscription>;
  /** Asks whoever answers `subject`. Throws `BUS_NO_RESPONDER`, `BUS_REQUEST_TIMEOUT`, and the responder's own error by its code. */
  request(subject: string, data: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  status(): BusStatus;
  /** Calls `listener` on every change of status until the returned function is called. */
  onStatus(listener: (status: BusStatus) => void): () => void;
  /** Takes no more work, waits for running handlers, closes. */
  close(options?: Cancellable): Promise<void>;
}

export interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface StreamConfig {
  /** Capital letters, digits and `_`, at most 32. */
  readonly name: string;
  /** Filters of the subjects it takes; no two streams may overlap. */
  readonly subjects: readonly string[];
  /** How long a message is kept, ms. */
  readonly maxAgeMs: number;
  /** How long a message id is remembered, ms; at most `maxAgeMs`. */
  readonly duplicateWindowMs: number;
}

export interface StreamState {
  /** 0 when the stream is empty and was never written. */
  readonly lastSequence: number;
  readonly messages: number;
  /** ms since epoch. A stream that was made anew has a later one. */
  readonly createdAt: number;
}

export interface PublishOptions extends Cancellable {
  /** Letters, digits, `:`, `.`, `-` and `_`, at most 200. */
  readonly messageId?: string;
  /**
   * Stores it only while the newest message of this subject has this sequence; 0: while there is none. A second writer
   * that read the same is refused with `BUS_SEQUENCE_DIFFERS`.
   */
  readonly expectLastSequence?: number;
}

export interface PublishAck {
  readonly stream: string;
  readonly sequence: number;
  /** True when the stream had this message id already; `sequence` is then the first one's. */
  readonly duplicate: boolean;
}

export interface ConsumeOptions extends Cancellable {
  readonly stream: string;
  /** Name of the durable consumer: lower-case letters, digits, `-` and `_`, at most 64. */
  readonly durable: string;
  /** Only messages of these subjects. Default: all of the stream. */
  readonly filterSubject?: string;
  /** How long a handler may take; then its signal aborts and the message comes again. ms. */
  readonly ackWaitMs: number;
  /** After so many deliveries a message goes to `<stream>_DEAD`. */
  readonly maxDeliver: number;
  /** Messages handled at the same time; 1 (default) keeps the order of the stream. */
  readonly maxInFlight?: number;
}

/** A message of a stream. */
export interface Message {
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  readonly data: Uint8Array;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  readonly redelivered: boolean;
}

/**
 * What becomes of a message: nothing returned = done; `retryInMs` = again later; `deadLetter` = never again, with the
 * reason. A throw is a retry with growing pauses.
 */
export type Disposition =
  | undefined
  | { readonly retryInMs: number }
  | { readonly deadLetter: string };

export type MessageHandler = (
  message: Message,
  context: { readonly signal: AbortSignal },
) => Promise<Disposition | void>;

/** A note heard by `subscribe`. */
export interface Note {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** For a request the returned bytes are the answer, and a throw is answered with its code. */
export type NoteHandler = (note: Note) => Promise<Uint8Array | void> | Uint8Array | void;

export interface RequestOptions extends Cancellable {
  readonly timeoutMs: number;
}

export interface Consumption {
  /** Takes no more messages and waits for running handlers. */
  stop(): Promise<void>;
}

export interface Subscription {
  stop(): Promise<void>;
}

export interface BusStatus {
  readonly state: "connected" | "reconnecting" | "closed";
  /** Driver, server and last fault, for people. */
  readonly detail: string;
}
