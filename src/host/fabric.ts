import type { BatchProof } from "../envelope/batch-proof.ts";
import type { Registry } from "prom-client";
import type { DeliveryRecord } from "../adapters/contract/chain-adapter.ts";
import type { Attester } from "../attestation/attester.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { RegistryService } from "./registry-service.ts";
import type {
  ChainName,
  CryptletId,
  Digest,
  FabricId,
  FeedHash,
  FeedId,
  RunId,
} from "../core/ids.ts";
import type { RunReceipt } from "../envelope/run-receipt.ts";
import type { Requests } from "./requests.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Webhooks } from "./webhooks.ts";

/** What a running host offers to the API, the command line and an embedding backend. */
export interface Fabric {
  readonly id: FabricId;
  readonly feeds: FeedDirectory;
  readonly envelopes: EnvelopeArchive;
  readonly batches: BatchDirectory;
  readonly cryptlets: CryptletDirectory;
  readonly attestation: AttestationDirectory;
  /** Evidence of this host's own process, for its TLS keys. */
  readonly attester: Attester;
  readonly deliveries: DeliveryDirectory;
  readonly deadLetters: DeadLetterDirectory;
  readonly runs: RunDirectory;
  /** Named cursors over feeds. */
  readonly subscriptions: Subscriptions;
  /** Endpoints that rounds are sent to. */
  readonly webhooks: Webhooks;
  /** Runs that somebody asks for, with their rounds. */
  readonly requests: Requests;
  /** Feeds that several hosts sign, and who leads them. */
  readonly quorum: QuorumDirectory;
  /** The registry that this host serves; null where it serves none. */
  readonly registry: RegistryService | null;
  /** News as they happen; the database stays the record. */
  readonly events: FabricEvents;
  /** Run a feed now, outside its schedule; resolves when the run and, where one follows, its round is committed. */
  trigger(feed: FeedId, options?: { signal?: AbortSignal }): Promise<void>;
  /** prom-client registry of this fabric; never the global one. */
  readonly metrics: Registry;
  /** Every part with its state; `ok` is false when one of them is down. */
  health(): Promise<Health>;
  /** Fed by the progress of the loops: false when one has not moved for its own limit. */
  liveness(): Liveness;
  /** Stops triggers, drains runs, outbox and deliveries, closes everything. Loses nothing. */
  stop(options?: { signal?: AbortSignal }): Promise<void>;
}

/** A feed that several hosts sign, as this host sees it. */
export interface QuorumView {
  readonly feed: FeedId;
  readonly members: readonly string[];
  /** Signatures that make a round. */
  readonly threshold: number;
  /** Name of the host that leads; null while nobody does. */
  readonly leader: string | null;
  /** Number of the lead; each new one is higher. */
  readonly epoch: number;
}

export interface QuorumDirectory {
  /** Empty on a host that signs alone. */
  list(): readonly QuorumView[];
}

export interface Health {
  readonly ok: boolean;
  readonly parts: Readonly<Record<string, { readonly ok: boolean; readonly detail: string }>>;
}

export interface Liveness {
  readonly ok: boolean;
  /** Per loop: ms since its last progress and the limit in ms. */
  readonly loops: Readonly<
    Record<string, { readonly ok: boolean; readonly idleMs: number; readonly limitMs: number }>
  >;
}

/** A configured feed. */
export interface FeedSummary {
  readonly id: FeedId;
  readonly hash: FeedHash;
  readonly cryptlet: CryptletId;
  readonly kind: "decimal" | "record";
  /** Decimals of a decimal feed; null for a record feed. */
  readonly decimals: number | null;
  readonly unit: string | null;
  readonly description: string;
  readonly heartbeatMs: number;
  /** Parts per million; null when the feed publishes on heartbeat alone. */
  readonly deviationPpm: number | null;
  readonly intervalMs: number;
  readonly bindings: readonly { readonly chain: ChainName; readonly contract: string }[];
  /** Highest published round; 0 when there is none. */
  readonly latestRound: number;
}

/** One published round as the API answers it. */
export interface RoundView {
  readonly feed: FeedId;
  readonly feedHash: FeedHash;
  readonly round: number;
  /** Integer text in the feed's decimals; null for a record feed. */
  readonly answer: string | null;
  /** The signed value: decimal text with decimals and unit, or the record's fields. */
  readonly value: unknown;
  /** ms since epoch. */
  readonly observedAt: number;
  readonly issuedAt: number;
  readonly validUntil: number;
  /** How the sources were reached. */
  readonly mode: "LIVE" | "EMULATED";
  readonly simulated: boolean;
  readonly envelopeDigest: Digest;
  /** Where it landed so far. */
  readonly deliveries: readonly DeliveryView[];
}

/** One delivery of one round to one contract. */
export type DeliveryView = DeliveryRecord;

export interface FeedDirectory {
  list(): Promise<readonly FeedSummary[]>;
  /** Throws `FEED_UNKNOWN`. */
  get(feed: FeedId): Promise<FeedSummary>;
  /** UTF-8 JSON of the latest `RoundView`, kept ready as bytes. Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
  latest(feed: FeedId): Buffer;
  /** Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
  round(feed: FeedId, round: number): Promise<RoundView>;
  /**
   * The newest round that was issued at `time` (ms since epoch) or before, and had not run out by then. Throws
   * `FEED_UNKNOWN`, `ROUND_NOT_VALID_AT`.
   */
  at(feed: FeedId, time: number): Promise<RoundView>;
  /** Newest first; `before` is exclusive. */
  rounds(feed: FeedId, page: { limit: number; before?: number }): Promise<readonly RoundView[]>;
  /** Every round as it is committed, after `afterRound` (replayed from the database), until the signal aborts. */
  watch(
    feed: FeedId,
    options: { afterRound?: number; signal: AbortSignal },
  ): AsyncIterable<RoundView>;
}

export interface EnvelopeArchive {
  /** Bundle JSON by envelope digest. Throws `ENVELOPE_UNKNOWN`. */
  bundle(digest: Digest): Promise<unknown>;
  /** DSSE envelope JSON of one form. Throws `ENVELOPE_UNKNOWN`. */
  envelope(digest: Digest, form: "json" | "solabi"): Promise<unknown>;
}

export interface BatchDirectory {
  /** What proves a member's value in a batch. Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`, `BATCH_MEMBER_UNKNOWN`. */
  proof(
    batch: FeedId,
    round: number | "latest",
    feed: FeedId,
  ): Promise<{ readonly envelopeDigest: Digest; readonly proof: BatchProof }>;
}

/** A loaded Cryptlet with its keys and evidence. */
export interface CryptletView {
  readonly id: CryptletId;
  readonly version: string;
  readonly measurement: Digest;
  readonly feeds: readonly string[];
  readonly hosts: readonly string[];
  /** Key records; `pem` is the SPKI in PEM for foreign verifiers. */
  readonly keys: readonly {
    readonly keyid: string;
    readonly suite: string;
    readonly publicKey: string;
    readonly pem: string;
    readonly address: string | null;
  }[];
  readonly evidence: unknown;
  readonly simulated: boolean;
}

export interface CryptletDirectory {
  list(): Promise<readonly CryptletView[]>;
  /** Throws `CRYPTLET_UNKNOWN`. */
  get(cryptlet: CryptletId): Promise<CryptletView>;
}

/** One run of a Cryptlet. Times are ms since epoch. */
export interface RunView {
  readonly id: RunId;
  readonly feed: FeedId;
  /** Idempotency key of what started it. */
  readonly trigger: string;
  readonly status: "running" | "published" | "unchanged" | "failed" | "abandoned";
  /** Code of the error. */
  readonly error: string | null;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  /** What the enclave says about it; null unless it ended well. */
  readonly receipt: RunReceipt | null;
}

export interface RunDirectory {
  /** Newest first. */
  list(filter: {
    feed?: FeedId;
    status?: RunView["status"];
    limit: number;
  }): Promise<readonly RunView[]>;
  /** Throws `RUN_NOT_STORED`. */
  get(run: RunId): Promise<RunView>;
  /** Plain transcript, or a sealed one. Throws `TRANSCRIPT_NOT_KEPT`. */
  transcript(run: RunId): Promise<unknown>;
}

/** Evidence that was made for one question. */
export interface FreshEvidence {
  readonly cryptlet: CryptletId;
  readonly measurement: Digest;
  readonly keys: CryptletView["keys"];
  readonly evidence: unknown;
  /** PEM of the root that it ends in: no reason to believe it. */
  readonly platformRoot: string;
  /** ms since epoch. */
  readonly notAfter: number;
  readonly simulated: boolean;
}

export interface AttestationDirectory {
  /**
   * Fresh evidence of the keys that sign, bound to a nonce (32 bytes in hex): of one Cryptlet, or of the first eight by
   * name with the number of those left out. Throws `CRYPTLET_UNKNOWN`, `ATTESTATION_BUSY`.
   */
  fresh(
    request: { readonly nonce: string; readonly cryptlet: CryptletId | null },
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly evidence: readonly FreshEvidence[]; readonly omitted: number }>;
}

/** One step in the life of a delivery. */
export interface DeliveryStep {
  /** ms since epoch. */
  readonly at: number;
  readonly status: DeliveryView["status"];
  /** What happened inside the status, `replaced` for example; null where nothing more is known. */
  readonly subStatus: string | null;
  /** Short text for people: hash, block or error code. */
  readonly detail: string;
}

/** A delivery with everything that happened to it. */
export interface DeliveryDetail extends DeliveryView {
  /** ms since epoch. */
  readonly createdAt: number;
  /** Oldest first. */
  readonly history: readonly DeliveryStep[];
  /** Why it cannot go on by itself, in words, with the way out; null while nothing is wrong. */
  readonly advice: string | null;
}

/**
 * What became of one round on all its chains. `landed`: final everywhere; `partial`: final on some; `missed`: ended
 * nowhere; `pending`: nowhere yet; `unbound`: no contract asked for it.
 */
export interface RoundReceipt {
  readonly feed: FeedId;
  readonly round: number;
  readonly envelopeDigest: Digest;
  readonly outcome: "landed" | "partial" | "missed" | "pending" | "unbound";
  /** Nothing more will happen by itself. */
  readonly settled: boolean;
  /** Deliveries that are final. */
  readonly landed: number;
  readonly asked: number;
  readonly deliveries: readonly DeliveryView[];
  /** Bindings whose chain has not yet taken the round off the bus. */
  readonly waiting: readonly { readonly chain: ChainName; readonly contract: string }[];
}

export interface DeliveryDirectory {
  /** Newest change first. */
  list(filter: {
    feed?: FeedId;
    round?: number;
    chain?: ChainName;
    status?: DeliveryView["status"];
    limit: number;
  }): Promise<readonly DeliveryView[]>;
  /** Throws `DELIVERY_UNKNOWN`. */
  get(id: string): Promise<DeliveryDetail>;
  /** Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
  receipt(feed: FeedId, round: number): Promise<RoundReceipt>;
  /**
   * Puts a failed delivery back to its beginning: the same signed round, checked against the chain again.
   * Throws `DELIVERY_UNKNOWN`, `DELIVERY_NOT_FAILED`, `CHAIN_NOT_SERVED`.
   */
  retry(id: string): Promise<DeliveryDetail>;
}

/** A message that a consumer gave up on. Times are ms since epoch. */
export interface DeadLetterView {
  readonly id: string;
  readonly stream: string;
  readonly consumer: string;
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  /** How often it was tried. */
  readonly deliveries: number;
  /** Code of the last error, or what the consumer gave as reason. */
  readonly reason: string;
  /** Length of the message. */
  readonly bytes: number;
  readonly buriedAt: number;
  readonly replays: number;
  readonly replayedAt: number | null;
}

export interface DeadLetterDirectory {
  /** Newest first; `waiting: true` leaves out those that were put back. */
  list(filter: { waiting?: boolean; limit: number }): Promise<readonly DeadLetterView[]>;
  /** Throws `DEAD_LETTER_UNKNOWN`. */
  get(id: string): Promise<DeadLetterView>;
  /** Publishes it again on its subject. Throws `DEAD_LETTER_UNKNOWN`, `BUS_…`. */
  replay(id: string): Promise<DeadLetterView>;
}
