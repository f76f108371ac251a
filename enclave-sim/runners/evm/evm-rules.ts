// What lane evm is, apart from the library that runs it. A change here is another machine: it belongs to what is
// measured (evm-identity.ts), so every Cryptlet of the lane gets another measurement.

/** Rules of execution; later forks of mainnet change nothing here. */
export const HARDFORK = "osaka";
/** `block.chainid`: "CRYP". No chain has it, so nothing signed for a chain is signed here by accident. */
export const CHAIN_ID = 0x4352_5950;
/**
 * Gas of one run, and what `gasleft()` begins with on every host. Whatever a host lowers is checked beside it, so that
 * the same run uses the same gas everywhere.
 */
export const GAS_LIMIT = 100_000_000;
/** Gas in one tick of `limits.maxFuel`, whose default is then exactly `GAS_LIMIT`. */
export const GAS_PER_TICK = 1_000;
/**
 * Depth of calls, 1,024 on a chain. Memory costs gas by its square within one frame only; 16 frames together buy at most
 * 30 MB with the whole of the gas, 1,024 would buy 240 MB.
 */
export const MAX_DEPTH = 16;
/** Bytes of runtime code: what EIP-170 allows on chains. */
export const MAX_CODE_BYTES = 24_576;

const address = (low: number): `0x${string}` => `0x${low.toString(16).padStart(40, "0")}`;

/** Where the Cryptlet's code lies, `address(this)`. */
export const CRYPTLET_ADDRESS = address(0xc0de);
/** Who calls it, `msg.sender` and `tx.origin`. */
export const CALLER_ADDRESS = address(0xca11);
/** Host calls: bytes of JSON in, bytes of JSON out. */
export const HOST_ADDRESS = address(0xc001);
/** Reading and quoting JSON: pure, so it is not journaled. */
export const JSON_ADDRESS = address(0xc002);

/**
 * Contracts of mainnet that are not here, by address: pairings and curves of BN254 and BLS12-381, where one call with all
 * the gas computes for 20 s in JavaScript and asks nobody whether it should stop, and the KZG check, which needs a library
 * more. A Cryptlet that needs them is one of lane wasm.
 */
export const REMOVED_PRECOMPILES: readonly `0x${string}`[] = [
  6, 7, 8, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
].map(address);

/** TLOAD and TSTORE: 100 gas buys some 500 bytes of the host's heap there, which no other instruction does. */
export const REMOVED_OPCODES = [0x5c, 0x5d] as const;

/** Gas of the two contracts of the lane: a base and a price per byte in and out. */
export const HOST_GAS = { base: 10_000n, perByte: 8n } as const;
/** @see HOST_GAS */
export const JSON_GAS = { base: 500n, perByte: 4n } as const;
