/** What happened to a delivery, or what it waits for; finer than its status. The list is closed: the API shows it. */
export const DELIVERY_SUB_STATUSES = [
  /** Its call is checked and stored; a nonce comes when its turn does. */
  "queued",
  /** A nonce and all fields of its transaction are stored. */
  "reserved",
  /** The signed bytes are stored, nothing was sent. */
  "signed",
  /** A node took the transaction, or knows it. */
  "broadcast",
  /** Sent once more, because no node knew it any longer. */
  "rebroadcast",
  /** Signed again at a higher fee under the same nonce. */
  "replaced",
  /** It became pointless while pending: a transfer of nothing takes its nonce. */
  "cancelling",
  /** The nonce in front of it was missing and is filled by a transfer of nothing. */
  "gap-filled",
  /** Its nonce went to another transaction of the account: a new one is taken. */
  "nonce-lost",
  /** In a block. */
  "included",
  /** That block is no longer part of the chain. */
  "reorganised",
  /** The same after it had counted as final: the chain broke its own promise. */
  "finality-broken",
  /** At the required depth with the expected event. */
  "landed",
  /** At the required depth, but reverted or without the event. */
  "reverted",
  /** Taken up again after a failure, because somebody asked for it. */
  "retried",
  /** The account cannot pay for it. */
  "waiting-for-funds",
  /** Its feed has spent what it may in this window. */
  "waiting-for-budget",
  /** The chain asks more than the fee cap allows. */
  "waiting-for-fee",
  /** The chain does not answer, or not in a way that can be believed. */
  "waiting-for-chain",
  /** The signer does not answer. */
  "waiting-for-signer",
  /** The chain's clock has not reached the observation yet. */
  "waiting-for-time",
] as const;

/** @see DELIVERY_SUB_STATUSES */
export type DeliverySubStatus = (typeof DELIVERY_SUB_STATUSES)[number];
