import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Registration } from "./report-data.ts";

/** What evidence is asked for. */
export interface AttestationRequest {
  readonly purpose: Registration["purpose"];
  /** Keys that the evidence binds. */
  readonly keys: readonly KeyRecord[];
  /** 32 bytes in lower-case hex of whoever challenges; zeros where nobody asked. */
  readonly nonce: string;
  /** ms that the evidence holds from now. */
  readonly validForMs: number;
}

/** Makes evidence about the process that it runs in. */
export interface Attester {
  /** Throws what the driver throws. */
  attest(
    request: AttestationRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Evidence>;
}
