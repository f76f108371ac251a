import type { SharedMarketTime } from "../../src/core/market-clock.ts";
import type { Digest, FabricId, FeedHash, FeedId, RunId } from "../../src/core/ids.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { SignedObservation as SignedForms } from "../../src/envelope/signed-observation.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import type { RunReceipt } from "../../src/envelope/run-receipt.ts";
import type { Json, ObservationDraft, TriggerInput } from "../../src/sdk/abi.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import type { Provenance } from "../capabilities/capability.ts";
import type { ReadableChain } from "../capabilities/chain/json-rpc-chain-reader.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";
import type { SourcesConfiguration } from "../capabilities/http/http-capability.ts";
import type { Wall } from "../protocol/lane.ts";
import type { Limits } from "../protocol/limits.ts";
import type { EvidenceSource } from "../quote-providers/create-quote-provider.ts";
import type { CryptletAttestation, HostAttestation } from "./attestation-calls.ts";
import type { BatchRequest, ServedBatch } from "./batch-request.ts";
import type { Endorsement, Proposal } from "./endorsement.ts";
import type { CryptletGroups, GroupOptions } from "./group-calls.ts";
import type { WallPolicy } from "./guest-quarters.ts";
import type { MonotonicCounter } from "./monotonic-counter.ts";
import type { SecretBroker } from "./secret-broker.ts";
import type { RecordedTranscript } from "../protocol/sealed-transcript.ts";

/** A thread that holds keys, capabilities and journal, and the guest threads it starts. Simulated: no hardware protects it. */
export interface Enclave extends HostAttestation {
  /**
   * Starts a Cryptlet: evaluates its code once, measures it, opens or makes its keys.
   * `broker` is asked for `options.brokerSecrets`; it answers the enclave and not the host.
   * Throws `CRYPTLET_INIT_FAILED`, `LANE_ENGINE_MISSING`, `WALL_UNAVAILABLE`, `FEED_NOT_DECLARED`,
   * `OBSERVATION_REFUSED` (a wrong feed hash), `SIGSTRUCT_INVALID`, `SIGSTRUCT_MISMATCH`, `SEAL_REFUSED`,
   * `QUOTE_PROVIDER_FAILED`, `SECRET_SOURCE_INVALID`, `BROKER_*`, `ENCLAVE_CLOSED`.
   */
  load(
    cryptlet: CryptletPackage,
    options: LoadOptions,
    call?: { readonly signal?: AbortSignal; readonly broker?: SecretBroker },
  ): Promise<LoadedCryptlet>;
  stats(): Promise<EnclaveStats>;
  /** Ends runs that are under way, then every thread. */
  close(): Promise<void>;
}

/** What `buildPackage` makes and `readPackage` reads: the exact bytes that are measured and run. */
export interface CryptletPackage {
  readonly manifest: Manifest;
  /** `cryptlet.json`. */
  readonly manifestBytes: Uint8Array;
  /** The code's file: `bundle.js` and the like, by lane and language. */
  readonly bundle: Uint8Array;
  /** `sigstruct.bin`: who published it. */
  readonly sigstruct?: Uint8Array;
}

/** One feed of the fabric that a loaded Cryptlet signs for. */
export interface ServedFeed {
  /** Feed of the fabric. */
  readonly feed: FeedId;
  /** Feed of the manifest: `TriggerInput.feed` and `ObservationDraft.feed`. */
  readonly cryptletFeed: string;
  /** Must be `computeFeedHash` of fabric, Cryptlet, `feed` and `parameters`; the enclave computes it again. */
  readonly feedHash: FeedHash;
  /** Parameters that a run must have had to be signed for this feed. */
  readonly parameters: Json;
  /** ms from `issuedAt` to `validUntil`. */
  readonly validForMs: number;
  /** Newest round that the host has in its records: the enclave signs later ones only. 0 when left out. */
  readonly lastRound?: number;
  /** What several hosts agreed on who sign this feed together; left out where one host signs alone. */
  readonly quorum?: FeedAgreement;
}

/** On what terms an enclave signs another host's statement. Part of the evidence's configId. */
export interface FeedAgreement {
  /** Names of the hosts. */
  readonly members: readonly string[];
  /** Signatures that make a round. */
  readonly threshold: number;
  /** Greatest distance of a value from the enclave's own, parts per million of its own; null: equal. Records are always equal. */
  readonly tolerancePpm: number | null;
  /** Greatest distance of `observedAt` from the own run's, and of `issuedAt` from the enclave's clock, ms. */
  readonly windowMs: number;
}

export interface LoadOptions {
  readonly fabric: FabricId;
  /** Values of the secrets that the manifest names, as far as the host's configuration holds them. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Secret of the manifest -> name with the key broker. Part of the evidence's configId. */
  readonly brokerSecrets?: Readonly<Record<string, string>>;
  readonly sources: SourcesConfiguration;
  /** What `ctx.configuration` gives; null when left out. Part of the evidence's configId. */
  readonly configuration?: Json;
  /** Chains that can be read, for `chain.read`; the manifest says what of them. */
  readonly chains?: readonly ReadableChain[];
  readonly feeds: readonly ServedFeed[];
  /** Batches of these feeds. Part of the evidence's configId. */
  readonly batches?: readonly ServedBatch[];
  /** With whom it signs together under one key; left out: with nobody. Part of the evidence's configId. */
  readonly groups?: GroupOptions;
  /** Folder for sealed keys and the simulated platform secret. */
  readonly sealDirectory: string;
  /** Which transcripts leave the enclave sealed; default: those of runs that used private data, for no auditor. */
  readonly transcripts?: {
    readonly seal: "private" | "always";
    /** Raw X25519 public keys in hex. */
    readonly auditors: readonly string[];
  };
  /** Lower the manifest's limits; a higher one is ignored. */
  readonly limits?: Partial<Limits>;
  /** Where quotes come from; default: one simulated SGX quote per Cryptlet. */
  readonly evidence?: EvidenceSource;
}

/** A Cryptlet in the enclave. */
export interface LoadedCryptlet extends CryptletAttestation {
  readonly id: string;
  readonly version: string;
  readonly manifest: Manifest;
  /** What stands in the signed statement's `cryptlet.measurement`. */
  readonly measurement: Digest;
  readonly keys: readonly KeyRecord[];
  /** Marked SIMULATED. */
  readonly evidence: Evidence;
  /** What stands between its guests and the enclave's process; each receipt repeats it. */
  readonly wall: Wall;
  /** Why there is no outer wall where one was wanted, in words for a warning; null otherwise. */
  readonly wallMissing: string | null;
  /**
   * One run. Its draft stays in the enclave until it is signed, or until too many newer runs push it out.
   * Throws what the Cryptlet refused with, `RUN_*`, `GUEST_*`, `HOST_CALL_*`, `CRYPTLET_CLOSED`, `INTERRUPTED`.
   */
  run(
    trigger: TriggerInput,
    options: { readonly runId: RunId; readonly signal?: AbortSignal },
  ): Promise<RunReport>;
  /**
   * Signs the observation of a held run, after its state changes are applied. Rounds of a feed only go up; the same request again gives the same bytes.
   * Throws `RUN_UNKNOWN`, `FEED_NOT_SERVED`, `OBSERVATION_REFUSED`, `SOURCE_MODES_MIXED`, `ROUND_EQUIVOCATION`,
   * `STATE_CONFLICT`, `STATE_UNAVAILABLE`.
   */
  sign(request: SignRequest, call?: { readonly signal?: AbortSignal }): Promise<SignedObservation>;
  /**
   * Signs one batch of this Cryptlet's own observations. Rounds only go up; the same request again gives the same bytes.
   * Throws `FEED_NOT_SERVED`, `BATCH_REFUSED`, `BATCH_EMPTY`, `SOURCE_MODES_MIXED`, `ROUND_EQUIVOCATION`.
   */
  signBatch(
    request: BatchRequest,
    call?: { readonly signal?: AbortSignal },
  ): Promise<SignedObservation>;
  /**
   * Signs another host's statement of a feed that has a quorum, when it agrees with a held run of this Cryptlet; the
   * same statement again gives the same signatures, without a run. Throws what `CheckProposal` throws.
   */
  endorse(proposal: Proposal, call?: { readonly signal?: AbortSignal }): Promise<Endorsement>;
  /** Its part in groups that sign together under one key. */
  readonly groups: CryptletGroups;
  /** What was recorded of a run that failed; null when it was never run, or newer failures pushed it out. */
  failedTranscript(runId: RunId): Promise<RecordedTranscript | null>;
  /** Runs again with the recorded answers and compares bit for bit. Throws `TRANSCRIPT_INVALID`, `TRANSCRIPT_SEALED`. */
  replay(
    transcript: RecordedTranscript,
    call?: { readonly signal?: AbortSignal },
  ): Promise<ReplayReport>;
  close(): Promise<void>;
}

export interface SignRequest {
  readonly runId: RunId;
  readonly feed: FeedId;
  readonly round: number;
  readonly epoch: number;
  /** Envelope digest of the previous round; null for the first. */
  readonly previous: Digest | null;
  /** Of a batch: digest of what it was made of. */
  readonly items?: Digest;
}

/** Both forms of one fact: JSON with Ed25519, the ABI tuple with secp256k1 (null for a record). */
export interface SignedObservation extends SignedForms {
  readonly observation: Observation;
}

/** What one run gave. */
export interface RunReport {
  readonly runId: RunId;
  readonly observation: ObservationDraft;
  readonly provenance: readonly Provenance[];
  /** Sealed where the run used private data (`LoadOptions.transcripts`). */
  readonly transcript: RecordedTranscript;
  readonly transcriptDigest: Digest;
  /** Of the Cryptlets that it called, in the order of their ends; their digests stand in the provenance. */
  readonly called: readonly RecordedTranscript[];
  readonly receipt: RunReceipt;
  /** ms. `guest` is time inside the guest, `capabilities` in host calls, `queue` waiting for the instance. */
  readonly timings: {
    readonly total: number;
    readonly queue: number;
    readonly guest: number;
    readonly capabilities: number;
  };
}

/** One thing that was another in the replay. */
export interface ReplayDifference {
  /** `call 3`, `outcome`, `fuel`, `chain`, `run`. */
  readonly where: string;
  /** Field of the JSON there; empty for the whole. */
  readonly path: string;
  /** JSON text, cut; null where there is nothing. */
  readonly recorded: string | null;
  readonly replayed: string | null;
}

/** Whether a recorded run gives the same outcome again. */
export interface ReplayReport {
  readonly same: boolean;
  /** The first one first. */
  readonly differences: readonly ReplayDifference[];
  readonly transcriptDigest: Digest;
}

export interface EnclaveStats {
  /** Bytes of the whole process. */
  readonly rssBytes: number;
  /** Guests that are there, at work or idle. */
  readonly guests: number;
  /** Processes behind the outer wall, one per publisher. */
  readonly walls: number;
  readonly cryptlets: readonly {
    readonly id: string;
    readonly measurement: Digest;
    readonly runs: number;
    readonly failures: number;
    /** Guests that had to be started for it; one that serves several counts for the one that needed it first. */
    readonly guestStarts: number;
    /** Bytes of the initial snapshot. */
    readonly snapshotBytes: number;
  }[];
}

/** One line of a guest's log, secrets taken out, bounded. */
export interface GuestLogLine {
  readonly cryptlet: string;
  readonly runId: RunId;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

export interface EnclaveOptions {
  /**
   * Started for development: evidence says debug, and keys are sealed apart. Only then may its clock be another than
   * the machine's.
   */
  readonly dev?: boolean | { readonly time: SharedMarketTime };
  /** Finds sealed keys that were rolled back; without it a rollback is not noticed. */
  readonly counter?: MonotonicCounter;
  /** Where sealed states of Cryptlets are kept; without it `ctx.state` is unavailable. */
  readonly state?: StateBackend;
  readonly onLog?: (line: GuestLogLine) => void;
  /** What is asked of the outer wall for packages that do not ship with the fabric; default `where-possible`. */
  readonly wall?: WallPolicy;
  /** Told when the enclave's thread ended by itself and is started again, with every Cryptlet that was loaded. */
  readonly onRestart?: (restart: EnclaveRestart) => void;
}

/** The enclave's thread ended: what was under way failed with `ENCLAVE_CRASHED`. */
export interface EnclaveRestart {
  readonly reason: string;
  /** How many there were, this one included. */
  readonly restarts: number;
}
