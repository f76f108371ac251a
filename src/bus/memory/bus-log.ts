/**
 * What the in-process bus needs of a database; `createStoreBusLog` of `src/store` is it. Every method is one transaction.
 * Times are ms since epoch.
 */
export interface BusLog {
  streams(): Promise<readonly LoggedStream[]>;
  /** Keeps the stream that is there already, if one is. */
  createStream(stream: LoggedStream): Promise<void>;
  /** Throws `BUS_STREAM_UNKNOWN`. */
  streamState(stream: string): Promise<{
    readonly lastSequence: number;
    readonly messages: number;
    readonly createdAt: number;
  }>;
  /** Appends unless the message id is there since `duplicatesSince`. Throws `BUS_SEQUENCE_DIFFERS`. */
  append(entry: {
    readonly stream: string;
    readonly subject: string;
    readonly messageId: string | null;
    readonly data: Uint8Array;
    readonly at: number;
    readonly duplicatesSince: number;
    /** Sequence that the newest message of the subject must have; 0 for none; null takes any. */
    readonly expectLast: number | null;
  }): Promise<{ readonly sequence: number; readonly duplicate: boolean }>;
  /** Newest message of one subject; null where there is none. Throws `BUS_STREAM_UNKNOWN`. */
  lastMessage(
    stream: string,
    subject: string,
  ): Promise<{ readonly sequence: number; readonly data: Uint8Array } | null>;
  /** Gives the filter of the durable consumer, which is `filterSubject` when it is new. */
  ensureConsumer(consumer: ConsumerKey & { readonly filterSubject: string }): Promise<string>;
  /** Makes due whatever an earlier process was handed and did not settle. */
  releasePending(consumer: ConsumerKey, at: number): Promise<void>;
  /**
   * Hands out what is due again, then new messages that `takes` accepts, as long as fewer than `maxPending` are out.
   * Counts the delivery before it is made, so that a message that kills the process is counted too.
   */
  take(
    consumer: ConsumerKey,
    limits: {
      readonly limit: number;
      readonly maxPending: number;
      readonly at: number;
      /** When a message that is not settled is due again. */
      readonly dueAt: number;
      readonly takes: (subject: string) => boolean;
    },
  ): Promise<{ readonly messages: readonly LoggedMessage[]; readonly nextDueAt: number | null }>;
  settle(consumer: ConsumerKey, sequence: number): Promise<void>;
  postpone(consumer: ConsumerKey, sequence: number, dueAt: number): Promise<void>;
  /** Deletes messages stored before `before`. */
  prune(stream: string, before: number): Promise<number>;
}

export interface LoggedStream {
  readonly name: string;
  readonly configJson: string;
  readonly createdAt: number;
}

export interface ConsumerKey {
  readonly stream: string;
  readonly consumer: string;
}

export interface LoggedMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  readonly data: Uint8Array;
  readonly deliveries: number;
}
