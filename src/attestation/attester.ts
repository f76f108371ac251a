import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Purpose } from "./report-data.ts";

/** What evidence is asked for. */
export interface AttestationRequest {
  readonly purpose: Purpose;
  /** Keys that the evidence binds. */
  readonly keys: readonly KeyRecord[];
  /** 32 bytes in lower-case hex of whoever challenges; left out where nobody asked. */
  readonly nonce?: string;
}

/** Evidence with the time until which it holds, ms since epoch. */
export interface TimedEvidence {
  readonly evidence: Evidence;
  readonly notAfter: number;
}

/** Makes evidence about the process that it runs in. */
export interface Attester {
  /** Throws what the driver throws. */
  attest(
    request: AttestationRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<TimedEvidence>;
}
