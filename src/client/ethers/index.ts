// What a dapp's backend imports to call contracts through ethers.
export { withCryptlets, type WithCryptletsOptions } from "./with-cryptlets.ts";
export { pullArguments } from "../chain/pull-arguments.ts";
