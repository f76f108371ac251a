import type { HttpAnswer, HttpRequest } from "../../../src/sdk/abi.ts";
import type { CallContext, Provenance } from "../capability.ts";

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

/** Answer for the guest and what stays with the enclave. A refused request has its provenance too, as far as it went. */
export interface HttpExchange {
  readonly answer: HttpAnswer;
  readonly provenance: Provenance;
}

/** The http capability of one loaded Cryptlet, with its connections, tokens and rate limits. */
export interface HttpCapability {
  /**
   * Sends all requests at once. Never rejects because of a source: a fault is that source's `ok: false`.
   * Rejects with the signal's reason when aborted.
   */
  all(requests: readonly HttpRequest[], context: CallContext): Promise<readonly HttpExchange[]>;
  close(): Promise<void>;
}
