// What a dapp's backend imports to call contracts through viem, an optional peer.
export { cryptletActions, type CryptletActions } from "./cryptlet-actions.ts";
export type { CryptletCallOptions } from "../chain/answer-call.ts";
export { pullArguments } from "../chain/pull-arguments.ts";
