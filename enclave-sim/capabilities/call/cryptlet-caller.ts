import type { Digest } from "../../../src/core/ids.ts";
import type { Json, ObservationDraft, SourceMode } from "../../../src/sdk/abi.ts";
import type { RecordedTranscript } from "../../protocol/sealed-transcript.ts";

/** One run of another Cryptlet on behalf of a run, already checked against the caller's manifest. */
export interface CryptletRequest {
  readonly cryptlet: string;
  readonly feed: string;
  readonly parameters: Json;
  /** The only measurement that may answer; null takes what is loaded under the name. */
  readonly measurement: Digest | null;
  /** Ids of the runs' Cryptlets from the first caller to this one: nobody on it may be called again. */
  readonly path: readonly string[];
  /** Of the caller's trigger, so that a callee's trigger is made of it. */
  readonly trigger: { readonly id: string; readonly at: number };
}

/** What the callee's run gave. */
export interface CryptletReply {
  readonly version: string;
  readonly measurement: Digest;
  readonly observation: ObservationDraft;
  /** Of the callee's sources; null when it had none. */
  readonly mode: SourceMode | null;
  readonly receiptDigest: Digest;
  readonly transcriptDigest: Digest;
  /** Of the callee and of those that it called in turn, its own last. */
  readonly transcripts: readonly RecordedTranscript[];
}

/**
 * The other Cryptlets of an enclave. A callee's run ends with the caller's: its signal bounds both.
 * Throws `CALL_REFUSED`, and what the callee's run fails with.
 */
export interface CryptletCaller {
  call(request: CryptletRequest, options: { readonly signal: AbortSignal }): Promise<CryptletReply>;
}
