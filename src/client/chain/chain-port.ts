/** `0x` and hex, as JSON-RPC has bytes. */
export type Hex = `0x${string}`;

/** A call of a contract, before it is a question or a transaction. */
export interface ChainCall {
  /** Null makes a contract: its creation code is run. */
  readonly to: Hex | null;
  readonly data: Hex;
  readonly value: bigint;
  /** Whose call it is; null where nobody is named. */
  readonly from: Hex | null;
}

/** Outcome of `eth_call`; of a refusal the contract's own bytes, and the library's error to throw on. */
export type CallOutcome =
  | { readonly ok: true; readonly data: Hex }
  | { readonly ok: false; readonly data: Hex; readonly error: unknown };

/** What a library for chains does for `answerCall`: ethers and viem are one file each. */
export interface ChainPort {
  /** Asks a node. Throws what is no refusal of a contract, as the library throws it. */
  call(call: ChainCall): Promise<CallOutcome>;
  /** Signs, sends and waits until it is in a block. Throws when it reverted. */
  send(call: ChainCall): Promise<void>;
  /** `abi.encode`, types as in a human-readable ABI. */
  encode(types: readonly string[], values: readonly unknown[]): Hex;
  /** Its inverse; throws what the library throws for bytes that are none. Integers are `bigint`. */
  decode(types: readonly string[], data: Hex): readonly unknown[];
  /** The error that the library throws for a refusal with these bytes. */
  toError(data: Hex): unknown;
}
