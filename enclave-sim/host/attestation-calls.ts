import type { Purpose } from "../../src/attestation/report-data.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { EvidenceSource } from "../quote-providers/create-quote-provider.ts";

/** Fresh evidence of a Cryptlet's keys. */
export interface RenewRequest {
  /** `register` unless asked otherwise; a Cryptlet never speaks for a host. */
  readonly purpose?: Exclude<Purpose, "host-ak">;
  /** 32 bytes in lower-case hex that the evidence binds; zeros where nobody asked. */
  readonly nonce?: string;
}

/** Current keys of a Cryptlet with their evidence, never one without the other. */
export interface AttestedKeys {
  readonly keys: readonly KeyRecord[];
  readonly evidence: Evidence;
  /** Number of the keyset, 0 for the first. */
  readonly epoch: number;
  /** ms since epoch: from when these keys sign, and until when this evidence holds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The part of a loaded Cryptlet that speaks about its keys. */
export interface CryptletAttestation {
  /** PEM of the root that the evidence ends in. A relying party takes it as an anchor only when it came to it by another way. */
  readonly platformRoot: string;
  /** A fresh quote over the current keys, with collateral of now. Throws `CRYPTLET_CLOSED`. */
  renewEvidence(
    request?: RenewRequest,
    call?: { readonly signal?: AbortSignal },
  ): Promise<AttestedKeys>;
  /**
   * Makes the next keys and their evidence. The old keys sign until `overlapMs` have passed, so that the new ones can be
   * registered meanwhile; then the new ones sign. Asked again within the overlap it gives the same keys.
   * Throws `CRYPTLET_CLOSED`, `SEAL_REFUSED`.
   */
  rotateKeys(
    request: { readonly overlapMs: number },
    call?: { readonly signal?: AbortSignal },
  ): Promise<AttestedKeys>;
}

/** Evidence of the host itself, for its own channels. */
export interface HostAttestRequest {
  /** Folder of sealed keys: which simulated platform speaks. */
  readonly sealDirectory: string;
  readonly purpose: "ra-tls" | "kbs";
  /** Keys that the host speaks with; the host's process is what is measured. */
  readonly keys: readonly KeyRecord[];
  /** Raw X25519 key in hex. */
  readonly encryptionKey?: string;
  /** 32 bytes in lower-case hex. */
  readonly nonce?: string;
  /** One simulated SGX quote unless named. */
  readonly source?: EvidenceSource;
}

/** Evidence of a host. */
export interface HostEvidence {
  readonly evidence: Evidence;
  /** PEM of the root that it ends in. */
  readonly platformRoot: string;
  /** ms since epoch. */
  readonly notAfter: number;
}

/** The part of an enclave that speaks about the host. */
export interface HostAttestation {
  /** A fresh quote of the host's measurement over keys of the host; it never speaks for Cryptlets. */
  attestHost(
    request: HostAttestRequest,
    call?: { readonly signal?: AbortSignal },
  ): Promise<HostEvidence>;
}
