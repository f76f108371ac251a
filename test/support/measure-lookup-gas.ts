import { AbiCoder, Interface } from "ethers";
import { deployContract } from "../../src/adapters/evm/deploy.ts";
import { bytesToPrefixedHex } from "../../src/crypto/bytes.ts";
import { lookupAbi, oracleProbeAbi } from "./chain-client-fixture.ts";
import { addressOf, byAddress, namedKey, WORKLOAD } from "./feed-fixture.ts";
import { createGasStage, GAS_NOT_AFTER, TRANSACTION_GAS, type GasFigures } from "./gas-stage.ts";
import type { TestChain } from "./test-chain.ts";

const oracleAbi = new Interface(["function fulfillOracleQuery(bytes signedOffchainData) payable"]);
const callsAbi = new Interface([
  "function aggregate3Value((address target, bool allowFailure, uint256 value, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[])",
]);
const coder = AbiCoder.defaultAbiCoder();

/**
 * What asking costs: the callback of EIP-3668 that verifies in its own call, and ERC-7412's update of the feed's contract,
 * alone and in one transaction with the call. Over the 21,000 of a transaction, second round of each.
 */
export const measureLookupGas = async (chain: TestChain): Promise<GasFigures> => {
  const figures: Record<string, number> = {};
  const stage = await createGasStage(chain);
  const { account, contracts, tick } = stage;
  const spend = async (to: string, data: string): Promise<number> =>
    Number((await account.send("gas", { to, data })).gasUsed) - TRANSACTION_GAS;
  for (const count of [1, 3]) {
    const name = `lookup ${count}`;
    const keys = byAddress(["l1", "l2", "l3"].slice(0, count).map(namedKey));
    await tick();
    for (const key of keys) await stage.attest(key, { notAfter: GAS_NOT_AFTER });
    const feed = await stage.feed(name, { keys });
    const lookup = await deployContract(
      account,
      "LookupProbe",
      ["address", "address", "bytes32", "uint32", "uint32"],
      [contracts.keys, account.signer.address, feed.feedHash, 3_600, 86_400],
    );
    const admitted = keys.map(addressOf);
    const signers = { workload: WORKLOAD, threshold: count, requireHardware: false, admitted };
    await account.send("signers", {
      to: lookup,
      data: lookupAbi.encodeFunctionData("setSigners", [signers]),
    });
    const oracle = await deployContract(account, "FeedOracle", ["address"], [contracts.registry]);
    const probe = await deployContract(account, "OracleProbe", ["address"], [oracle]);
    const multicall = await deployContract(account, "UpdateCalls");
    const extra = coder.encode(["uint256"], [1]);
    const settle = oracleProbeAbi.encodeFunctionData("settle", [feed.feedHash, 3_600]);
    for (const round of [1, 2, 3, 4, 5]) {
      await tick();
      const { payload, signatures } = stage.sign(name, round, keys);
      const answer = coder.encode(
        ["bytes", "bytes[]"],
        [bytesToPrefixedHex(payload), signatures.map(bytesToPrefixedHex)],
      );
      const who = count === 1 ? "1 signer" : `${count} signers`;
      const update = oracleAbi.encodeFunctionData("fulfillOracleQuery", [answer]);
      if (round <= 2)
        figures[`EIP-3668, ${who}: callback that remembers and announces`] = await spend(
          lookup,
          lookupAbi.encodeFunctionData("settleCallback", [answer, extra]),
        );
      else if (round <= 4)
        figures[`ERC-7412, ${who}: update of the feed`] = await spend(oracle, update);
      else {
        const calls = [
          [oracle, false, 0n, update],
          [probe, false, 0n, settle],
        ];
        const data = callsAbi.encodeFunctionData("aggregate3Value", [calls]);
        figures[`ERC-7412, ${who}: update and call in one`] = await spend(multicall, data);
      }
    }
  }
  return figures;
};
