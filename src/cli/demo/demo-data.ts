/** Code of a refusal: of the error catalogue off chain, the contract's custom error on chain. */
export type RefusalCode = string;

/** What `cryptlet demo --json` prints as `data`. Answers are integer text in the feed's decimals. */
export interface DemoData {
  readonly sources: readonly DemoSource[];
  readonly rounds: readonly DemoRound[];
  readonly refused: readonly DemoRefusal[];
  /** The bundle of the last round, as `cryptlet envelope verify` reads it. */
  readonly bundle: unknown;
  readonly chainId: number;
  /** Name to address. */
  readonly contracts: Readonly<Record<string, string>>;
  /** Step to ms. */
  readonly timings: Readonly<Record<string, number>>;
}

/** One answer of one source that went into a round. */
export interface DemoSource {
  readonly id: string;
  readonly mode: "LIVE" | "EMULATED";
  /** Decimal text as the source gave it. */
  readonly value: string;
  /** ms since epoch: the source's own time, or the round's where the source tells none. */
  readonly observedAt: number;
}

/** One round, signed by the enclave and read back by the consumer contract. */
export interface DemoRound {
  readonly feed: string;
  readonly round: number;
  readonly signedAnswer: string;
  readonly consumerAnswer: string;
  /** Digest. */
  readonly envelope: string;
  /** Transaction hash. */
  readonly transaction: string;
}

/** Something false that was offered and not taken. */
export interface DemoRefusal {
  readonly what: "tampered envelope" | "unknown signer" | "replay of an older round";
  readonly where: "off chain" | "on chain";
  readonly code: RefusalCode;
}
