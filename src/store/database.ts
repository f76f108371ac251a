import type { Generated } from "kysely";
import type { DeliverySubStatus } from "../core/delivery-sub-status.ts";
import type { EvmAccountTable, EvmAttemptTable, EvmJobTable } from "./tables/evm-jobs.ts";
import type { SpendingReservationTable, SpendingTotalTable } from "./tables/spending.ts";
import type { DeadLetterTable } from "./tables/dead-letter-table.ts";
import type { QuorumStatementTable } from "./tables/quorum-statements.ts";
import type {
  RoundLogTable,
  RunRequestTable,
  SubscriptionTable,
  WebhookCallTable,
  WebhookTable,
} from "./tables/subscriptions.ts";
import type {
  RegistryCallTable,
  RegistryCursorTable,
  RegistryPackageTable,
  RegistryReleaseTable,
  RegistryTypoTable,
  RegistryVocabularyTable,
  RegistryWordsTable,
} from "./tables/registry.ts";

/**
 * Tables of the fabric's database. Times are ms since epoch; every integer fits a safe JS number.
 * Names and types are those that SQLite and PostgreSQL share.
 */
export interface Database {
  readonly runs: RunTable;
  readonly envelopes: EnvelopeTable;
  readonly rounds: RoundTable;
  readonly outbox: OutboxTable;
  readonly deliveries: DeliveryTable;
  readonly delivery_events: DeliveryEventTable;
  readonly trigger_cursors: TriggerCursorTable;
  readonly bus_consumer_sequences: BusConsumerSequenceTable;
  readonly bus_streams: BusStreamTable;
  readonly bus_messages: BusMessageTable;
  readonly bus_consumers: BusConsumerTable;
  readonly bus_pending: BusPendingTable;
  readonly evm_jobs: EvmJobTable;
  readonly evm_attempts: EvmAttemptTable;
  readonly evm_accounts: EvmAccountTable;
  readonly transcripts: TranscriptTable;
  readonly evidence: EvidenceTable;
  readonly cryptlet_states: CryptletStateTable;
  readonly monotonic_counters: MonotonicCounterTable;
  readonly spending_reservations: SpendingReservationTable;
  readonly spending_totals: SpendingTotalTable;
  readonly dead_letters: DeadLetterTable;
  readonly quorum_statements: QuorumStatementTable;
  readonly round_log: RoundLogTable;
  readonly subscriptions: SubscriptionTable;
  readonly webhooks: WebhookTable;
  readonly webhook_calls: WebhookCallTable;
  readonly run_requests: RunRequestTable;
  readonly registry_packages: RegistryPackageTable;
  readonly registry_releases: RegistryReleaseTable;
  readonly registry_calls: RegistryCallTable;
  readonly registry_typos: RegistryTypoTable;
  readonly registry_cursor: RegistryCursorTable;
  readonly registry_words: RegistryWordsTable;
  readonly registry_vocabulary: RegistryVocabularyTable;
}

/** `published` made a round, `unchanged` did not need one, `abandoned` was running when the process died. */
export type RunStatus = "running" | "published" | "unchanged" | "failed" | "abandoned";

/** One run of a Cryptlet, stored before it starts. */
export interface RunTable {
  id: string;
  feed: string;
  /** Idempotency key of the trigger event. */
  trigger_id: string;
  started_at: number;
  finished_at: number | null;
  status: RunStatus;
  /** Code of the error; null when there was none. */
  error: string | null;
  /** What the enclave says about the run; null until it ended well. */
  receipt_json: string | null;
}

/** Bundle of one envelope, by the digest of its signed part. */
export interface EnvelopeTable {
  digest: string;
  feed: string;
  round: number;
  /** Without evidence: many envelopes stand on one piece. */
  bundle_json: string;
  /** Null for an envelope without evidence. */
  evidence_digest: string | null;
}

/** One committed round of a feed. */
export interface RoundTable {
  feed: string;
  round: number;
  envelope_digest: string;
  /** Run that made it; null for a round that was imported. */
  run_id: string | null;
  /** Integer text in the feed's decimals; null for a record feed. */
  answer: string | null;
  value_json: string;
  observed_at: number;
  issued_at: number;
  valid_until: number;
  mode: "LIVE" | "EMULATED";
  /** What the API answers for this round, without its deliveries. */
  view_json: string;
}

/** A message that must reach the bus, written in the transaction of its cause. */
export interface OutboxTable {
  /** Grows in commit order. */
  id: Generated<number>;
  subject: string;
  message_id: string;
  payload: Uint8Array;
  created_at: number;
  published_at: number | null;
  /** Stream and sequence that the bus acknowledged. */
  stream: string | null;
  stream_sequence: number | null;
}

/**
 * `final`, `superseded` and `failed` are ends. A reorg takes `included` back to `submitted`, and one that is deeper than
 * the chain's finality `final` as well, with the code `CHAIN_FINALITY_BROKEN`.
 */
export type DeliveryStatus =
  | "prepared"
  | "submitted"
  | "included"
  | "final"
  | "superseded"
  | "failed";

/** One round on its way to one contract. */
export interface DeliveryTable {
  id: string;
  feed: string;
  round: number;
  chain: string;
  contract: string;
  status: DeliveryStatus;
  /** Newest step; null before the first one. */
  sub_status: DeliverySubStatus | null;
  tx_hash: string | null;
  block_number: number | null;
  block_hash: string | null;
  receipt_json: string | null;
  /** Code of the last error. */
  error: string | null;
  attempts: number;
  created_at: number;
  updated_at: number;
}

/** Everything that happened to a delivery, in order. */
export interface DeliveryEventTable {
  id: Generated<number>;
  delivery_id: string;
  at: number;
  status: DeliveryStatus;
  sub_status: DeliverySubStatus | null;
  /** Short text for people: hash, block or error code. */
  detail: string;
}

/** How far a trigger source has come; moves only after the effect. */
export interface TriggerCursorTable {
  id: string;
  position: string;
  updated_at: number;
}

/** Messages whose effect a consumer has committed: effect and row are one transaction. */
export interface BusConsumerSequenceTable {
  stream: string;
  consumer: string;
  /** Message id, or `#sequence` for a message without one. */
  message_key: string;
  sequence: number;
  applied_at: number;
}

/** A stream of the in-process bus. */
export interface BusStreamTable {
  name: string;
  config_json: string;
  last_sequence: number;
  created_at: number;
}

/** A kept message of the in-process bus. */
export interface BusMessageTable {
  stream: string;
  sequence: number;
  subject: string;
  message_id: string | null;
  data: Uint8Array;
  stored_at: number;
}

/** A durable consumer of the in-process bus; `delivered` is the last sequence that was ever handed out. */
export interface BusConsumerTable {
  stream: string;
  name: string;
  filter_subject: string;
  delivered: number;
}

/** A message that was handed out and is not yet acknowledged. */
export interface BusPendingTable {
  stream: string;
  consumer: string;
  sequence: number;
  deliveries: number;
  due_at: number;
}

/** `sealed` by the enclave that made it, because it holds private data. */
export type TranscriptForm = "plain" | "sealed";

/** Everything that crossed the wall in one run, for replay; kept by policy. */
export interface TranscriptTable {
  run_id: string;
  digest: string;
  form: TranscriptForm;
  body: string;
  stored_at: number;
}

/** Evidence of an enclave, by digest. */
export interface EvidenceTable {
  digest: string;
  evidence_json: string;
  stored_at: number;
}

/** State of a Cryptlet, sealed by its enclave; the version is what a write must have seen. */
export interface CryptletStateTable {
  scope: string;
  version: number;
  body: Uint8Array;
  updated_at: number;
}

/** A counter that only goes up, against the rollback of sealed files. */
export interface MonotonicCounterTable {
  name: string;
  value: number;
}
