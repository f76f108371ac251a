import type { z } from "zod";
import type { Digest } from "../../src/core/ids.ts";
import type { HostCall, Json, SourceMode } from "../../src/sdk/abi.ts";

/** What the enclave knows about one source of a run; the signed statement's `sources[]` are made of it. */
export interface Provenance {
  /** Unique in one run, counted from 1; the guest names it in `SourceReading.reference`. */
  readonly reference: number;
  /** `id` of the request. */
  readonly id: string;
  readonly mode: SourceMode;
  /** Over the request template: secret names, never secret values. */
  readonly requestDigest: Digest;
  /** Null when no TLS handshake ended, and where the enclave itself spoke no TLS. */
  readonly tls: {
    readonly spkiSha256: string;
    readonly certificateSha256: string;
    readonly protocol: string;
  } | null;
  /** Of HTTP; null when no answer began. */
  readonly status: number | null;
  /** Over a body's bytes after decompression, or over the canonical JSON of another answer; null when it did not arrive whole. */
  readonly responseDigest: Digest | null;
  /** ms since epoch of the last byte; null when it did not arrive whole. */
  readonly receivedAt: number | null;
  /** Secrets that went into the request, by name and keyed digest. */
  readonly secrets?: readonly SecretUse[];
  /** Of `chain.read`. */
  readonly chain?: ChainProvenance;
  /** Of `call`. */
  readonly call?: CallProvenance;
}

/** Which secret was used, without a way to its value: the digest's key never leaves the enclave. */
export interface SecretUse {
  readonly name: string;
  /** Equal for equal values under one measurement on one platform. */
  readonly digest: Digest;
}

/** Where a chain was read, and how many endpoints said the same. */
export interface ChainProvenance {
  readonly name: string;
  readonly chainId: number;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly agreed: number;
  readonly asked: number;
}

/** Which code answered a call, and by what its run is known. */
export interface CallProvenance {
  readonly cryptlet: string;
  readonly version: string;
  readonly measurement: Digest;
  readonly receiptDigest: Digest;
  readonly transcriptDigest: Digest;
}

/** What every call of a run comes with. */
export interface CallContext {
  /** Ends with the run. */
  readonly signal: AbortSignal;
  /** Counts references over the whole run. */
  readonly nextReference: () => number;
}

/** Answer for the guest, and what stays with the enclave. */
export interface Performed {
  readonly ok: Json;
  readonly provenance: readonly Provenance[];
}

/** Names of the host calls. */
export type Op = HostCall["op"];

/** One row of the table that the call desk looks up: what a Cryptlet may touch outside itself, for one run. */
export interface Capability<Name extends Op = never> {
  /** As `CAPABILITY_NOT_GRANTED` names it. */
  readonly name: string;
  /** Calls that it answers, each with its strict form. */
  readonly calls: { readonly [Each in Name]: z.ZodType<Extract<HostCall, { op: Each }>> };
  /** False answers every call with `CAPABILITY_NOT_GRANTED`. */
  readonly granted: boolean;
  /** Throws errors of the catalogue, which the guest gets as an answer. */
  perform(call: Extract<HostCall, { op: Name }>, context: CallContext): Promise<Performed>;
}
