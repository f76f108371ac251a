import type { DeliverySubStatus } from "../../core/delivery-sub-status.ts";
import type { ErrorCode } from "../../core/errors/catalogue.ts";
import type { ChainName, FeedHash, FeedId } from "../../core/ids.ts";
import type { Binding } from "../../bindings/binding.ts";

/**
 * Carries signed observations to one chain and follows them until they are final.
 * Success is "landed at the required depth with the expected event", never "sent".
 *
 * A delivery is known by its id: every verb may be called again with the same id, in this process or in the next
 * one after a kill, and never leads to a second effect on the chain.
 */
export interface ChainAdapter {
  readonly name: ChainName;
  readonly capabilities: ChainCapabilities;
  /**
   * Ask the chain who it is. Throws `CHAIN_UNREACHABLE` (retry) or `CHAIN_MISMATCH` (configuration).
   */
  probe(options?: { signal?: AbortSignal }): Promise<ChainState>;
  /**
   * Check the delivery against the chain's state, sign it locally and store it. Nothing is sent yet.
   * Gives the stored record when the id is known already. A round that the chain has, or has overtaken, comes back
   * `superseded`; one that the contract refuses comes back `failed` with the refusal's code.
   * Throws `CHAIN_UNREACHABLE`, `DELIVERY_INVALID`, and `DELIVERY_UNKNOWN` when the store has no such delivery.
   */
  prepare(delivery: Delivery, options?: { signal?: AbortSignal }): Promise<DeliveryRecord>;
  /**
   * Broadcast the stored bytes of a prepared delivery and follow them until `final`, `superseded` or `failed`.
   * `onChange` sees the record after each commit; one commit may pass several statuses. Throws `CHAIN_UNREACHABLE` and the signal's reason: the record
   * stays where it was and `settle` may be called again.
   */
  settle(
    id: string,
    options?: { signal?: AbortSignal; onChange?: (record: DeliveryRecord) => void },
  ): Promise<DeliveryRecord>;
  /**
   * Takes a `failed` delivery up again: it is `prepared` and waits for `prepare`, which checks it anew.
   * Throws `DELIVERY_UNKNOWN`, `DELIVERY_NOT_FAILED`.
   */
  retry(id: string): Promise<DeliveryRecord>;
  /** The stored record; null when the id is unknown. */
  find(id: string): Promise<DeliveryRecord | null>;
  /** Records that are neither final, superseded nor failed, oldest first: settle these after a restart. */
  unfinished(): Promise<readonly DeliveryRecord[]>;
  /** What a reader of the feed's contract gets now; null while the feed has no round. Throws `CHAIN_UNREACHABLE`. */
  latest(
    target: { readonly contract: string; readonly feedHash: FeedHash },
    options?: { signal?: AbortSignal },
  ): Promise<ChainRound | null>;
  /** Ends timers and connections. Prepared deliveries stay stored. */
  close(): Promise<void>;
}

/** What a chain family can do; the conformance suite asks only for what is declared. */
export interface ChainCapabilities {
  readonly finality: Finality;
  /** The contract keeps older rounds for look-up. */
  readonly rounds: boolean;
  /** A stuck transaction can be replaced at a higher fee. */
  readonly replacement: boolean;
}

/**
 * When a transaction counts as landed: at once; when the block that the chain calls `safe` or `finalized` has reached
 * it; or `depth` blocks deep, its own block being depth 1.
 */
export type Finality =
  | { readonly kind: "instant" }
  | { readonly kind: "tag"; readonly tag: "safe" | "finalized" }
  | { readonly kind: "depth"; readonly depth: number };

export interface ChainState {
  /** The chain's own id, as text. */
  readonly chainId: string;
  readonly height: number;
  /** The engine's name and version as it gives them. */
  readonly engine: string;
  /** What people should know besides: an endpoint that rests, for example. */
  readonly remarks?: readonly string[];
}

/** One observation on its way to one contract. */
export interface Delivery {
  /** Id of the stored delivery (`deliveryId` of src/store): the same after every restart. */
  readonly id: string;
  /** Its contract is the feed's own address, or that of a registry which knows the feed by its hash. */
  readonly binding: Binding;
  readonly feedHash: FeedHash;
  readonly round: number;
  /** DSSE payload type of the form this chain checks. */
  readonly payloadType: string;
  /** Exactly the bytes that were signed. */
  readonly payload: Uint8Array;
  /** Raw signature bytes over the payload's PAE, in any order. */
  readonly signatures: readonly Uint8Array[];
  /** JSON payload whose digest the payload binds: what the forms of a batch are encoded from. */
  readonly statement?: Uint8Array;
}

export type DeliveryStatus =
  | "prepared"
  | "submitted"
  | "included"
  | "final"
  | "superseded"
  | "failed";

/** Where a delivery stands, as stored. */
export interface DeliveryRecord {
  readonly id: string;
  readonly feed: FeedId;
  readonly round: number;
  readonly chain: ChainName;
  readonly contract: string;
  readonly status: DeliveryStatus;
  /** Newest step, or what it waits for; null before the first. */
  readonly subStatus: DeliverySubStatus | null;
  /** Id of the transaction that counts: the landed one, else the last one signed. Null when none was needed. */
  readonly transaction: string | null;
  readonly blockNumber: number | null;
  /** Why it is superseded or failed, or what its last attempt ran into. */
  readonly error: ErrorCode | null;
  readonly attempts: number;
  /** ms since epoch. */
  readonly updatedAt: number;
}

/** True when nothing more will happen to the record. */
export const isSettled = ({ status }: Pick<DeliveryRecord, "status">): boolean =>
  status === "final" || status === "superseded" || status === "failed";

/** A round as a contract answers it. */
export interface ChainRound {
  readonly round: number;
  /** Integer in the feed's decimals. */
  readonly answer: bigint;
  /** s since epoch: the sources' time. */
  readonly observedAt: number;
}
