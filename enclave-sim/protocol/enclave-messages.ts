import type { WireError } from "../../src/core/errors/wire.ts";
import type { SharedMarketTime } from "../../src/core/market-clock.ts";
import type { Digest, RunId } from "../../src/core/ids.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { ReleaseAnswer, ReleaseRequest } from "../../src/key-broker/protocol.ts";
import type { TriggerInput } from "../../src/sdk/abi.ts";
import type {
  AttestedKeys,
  HostAttestRequest,
  HostEvidence,
  RenewRequest,
} from "../host/attestation-calls.ts";
import type { BatchRequest } from "../host/batch-request.ts";
import type {
  CryptletPackage,
  EnclaveStats,
  GuestLogLine,
  LoadOptions,
  ReplayReport,
  RunReport,
  SignedObservation,
  SignRequest,
} from "../host/enclave.ts";
import type { Endorsement, Proposal } from "../host/endorsement.ts";
import type { GroupCall, GroupCalls, GroupCounter, GroupOperation } from "../host/group-calls.ts";
import type { WallPolicy } from "../host/guest-quarters.ts";
import type { HostAsk, HostReply } from "../host/host-asks.ts";
import type { RoundEntry } from "../host/round-book.ts";
import type { Wall } from "./lane.ts";
import type { RecordedTranscript } from "./sealed-transcript.ts";

// Between the fabric's main thread and the enclave's thread. No message has a place for a secret key.

/** What the enclave says about a Cryptlet that it started. */
export interface LoadAnswer {
  readonly measurement: Digest;
  readonly keys: readonly KeyRecord[];
  readonly evidence: Evidence;
  readonly wall: Wall;
  readonly wallMissing: string | null;
  /** Name of its keysets for a monotonic counter, and number of the newest. */
  readonly keyset: string;
  readonly epoch: number;
  /** How far the shares that it holds went. */
  readonly groupCounters: readonly GroupCounter[];
  /** PEM of the root that the evidence ends in. */
  readonly platformRoot: string;
}

/** Every request with its answer; `cryptlet` is the number that the main thread gave at `load`. */
export interface EnclaveCalls {
  load: {
    readonly request: {
      readonly cryptlet: number;
      readonly package: CryptletPackage;
      readonly options: LoadOptions;
      /** Challenge of the key broker; null where none is asked. */
      readonly nonce: string | null;
      /** Rounds that an enclave before this one signed. */
      readonly rounds: readonly RoundEntry[];
    };
    readonly answer: LoadAnswer;
  };
  run: {
    readonly request: {
      readonly cryptlet: number;
      readonly trigger: TriggerInput;
      readonly runId: RunId;
    };
    readonly answer: RunReport;
  };
  sign: {
    readonly request: { readonly cryptlet: number; readonly sign: SignRequest };
    readonly answer: SignedObservation;
  };
  endorse: {
    readonly request: { readonly cryptlet: number; readonly endorse: Proposal };
    readonly answer: Endorsement;
  };
  "sign-batch": {
    readonly request: { readonly cryptlet: number; readonly batch: BatchRequest };
    readonly answer: SignedObservation;
  };
  group: {
    readonly request: { readonly cryptlet: number; readonly group: GroupCall };
    readonly answer: GroupCalls[GroupOperation]["answer"];
  };
  replay: {
    readonly request: { readonly cryptlet: number; readonly transcript: RecordedTranscript };
    readonly answer: ReplayReport;
  };
  "failed-transcript": {
    readonly request: { readonly cryptlet: number; readonly runId: RunId };
    readonly answer: RecordedTranscript | null;
  };
  renew: {
    readonly request: { readonly cryptlet: number; readonly renew: RenewRequest };
    readonly answer: AttestedKeys;
  };
  rotate: {
    readonly request: { readonly cryptlet: number; readonly overlapMs: number };
    readonly answer: AttestedKeys;
  };
  "attest-host": {
    readonly request: { readonly attest: HostAttestRequest };
    readonly answer: HostEvidence;
  };
  unload: { readonly request: { readonly cryptlet: number }; readonly answer: null };
  stats: { readonly request: object; readonly answer: EnclaveStats };
  close: { readonly request: object; readonly answer: null };
}
export type CallKind = keyof EnclaveCalls;

export type ToEnclave =
  | {
      [Kind in CallKind]: {
        readonly kind: Kind;
        readonly id: number;
      } & EnclaveCalls[Kind]["request"];
    }[CallKind]
  | { readonly kind: "cancel"; readonly id: number }
  /** Answer to `host-ask`. */
  | { readonly kind: "host-reply"; readonly id: number; readonly reply: HostReply }
  /** Answer to `secrets-wanted`: ciphertexts, or why there are none. */
  | { readonly kind: "secrets"; readonly id: number; readonly answer: ReleaseAnswer }
  | { readonly kind: "no-secrets"; readonly id: number; readonly error: WireError };

export type FromEnclave =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: number; readonly error: WireError }
  | { readonly kind: "log"; readonly line: GuestLogLine }
  /** Numbered apart from the host's own calls. */
  | { readonly kind: "host-ask"; readonly id: number; readonly ask: HostAsk }
  /** In the middle of the load with this id. */
  | { readonly kind: "secrets-wanted"; readonly id: number; readonly request: ReleaseRequest };

/** What the enclave's thread is started with. */
export interface EnclaveThreadData {
  /** An inspector is open, or options that can open one are set. */
  readonly debug: boolean;
  readonly wall: WallPolicy;
  /** Its clock, in development alone; null: the machine's. */
  readonly time: SharedMarketTime | null;
}
