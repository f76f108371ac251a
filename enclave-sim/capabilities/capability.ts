import type { Digest } from "../../src/core/ids.ts";
import type { HttpAnswer, HttpRequest, SourceMode } from "../../src/sdk/abi.ts";

/** How every request of one enclave leaves it: one mode for all sources, never per source. */
export type SourcesConfiguration =
  | {
      readonly mode: "live";
      /** Lets requests reach loopback and private networks; off outside tests. */
      readonly allowPrivateAddresses: boolean;
    }
  | {
      readonly mode: "emulated";
      /** Where the provider emulator listens; every manifest host is routed there. */
      readonly address: string;
      readonly port: number;
      /** The only certificate authority that is trusted in this mode. */
      readonly caPem: string;
      readonly allowPrivateAddresses: boolean;
    };

/** What the enclave knows about one request of a run; the signed statement's `sources[]` are made of it. */
export interface Provenance {
  /** Unique in one run, counted from 1; the guest names it in `SourceReading.reference`. */
  readonly reference: number;
  /** `HttpRequest.id`. */
  readonly id: string;
  readonly mode: SourceMode;
  /** Over the request template: secret names, never secret values. */
  readonly requestDigest: Digest;
  /** Null when no TLS handshake ended. */
  readonly tls: {
    readonly spkiSha256: string;
    readonly certificateSha256: string;
    readonly protocol: string;
  } | null;
  /** Null when no answer began. */
  readonly status: number | null;
  /** Over the body's bytes after decompression; null when it did not arrive whole. */
  readonly responseDigest: Digest | null;
  /** ms since epoch of the last byte; null when it did not arrive whole. */
  readonly receivedAt: number | null;
}

/** Answer for the guest and what stays with the enclave. A refused request has its provenance too, as far as it went. */
export interface HttpExchange {
  readonly answer: HttpAnswer;
  readonly provenance: Provenance;
}

/** The http capability of one loaded Cryptlet. */
export interface HttpCapability {
  /**
   * Sends all requests at once. Never rejects because of a source: a fault is that source's `ok: false`.
   * `nextReference` counts over the whole run. Rejects with the signal's reason when aborted.
   */
  all(
    requests: readonly HttpRequest[],
    options: { readonly signal: AbortSignal; readonly nextReference: () => number },
  ): Promise<readonly HttpExchange[]>;
  close(): Promise<void>;
}
