import { Interface } from "ethers";
import { deployContract } from "../../src/adapters/evm/deploy.ts";
import { encodeUpdate, type SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import { createFeedContract } from "../../src/adapters/evm/feed-contract.ts";
import type { Address, FeedHash } from "../../src/core/ids.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { addressOf, byAddress, WORKLOAD, type FeedFixture } from "./feed-fixture.ts";

export const pullAbi = new Interface([
  "function check(uint256 report, bytes32 statementDigest) view returns (int256)",
  "function useNewer(uint256 report, bytes32 statementDigest)",
  "function touch() view returns (uint256)",
  "function seen() view returns (uint32 round, uint32 observedAt)",
  "function refreshSigners()",
  "function setGroup(address group)",
  "function setSigners((bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted) signers)",
  "event Used(int256 value, uint256 observedAt)",
  "error WrongLength(uint256 expected, uint256 actual)",
  "error ObservationTooOld(uint256 observedAt, uint256 blockTime)",
  "error ObservationNotNewer(uint256 observedAt, uint256 seen)",
  "error ObservationTooFar(uint256 round, uint256 seen)",
  "error ObservationFutureDated(uint256 observedAt, uint256 blockTime)",
  "error ObservationPast(uint256 validUntil, uint256 blockTime)",
  "error SignersNotRefreshed(uint256 refreshedAt, uint256 blockTime)",
  "error UnderSigned(uint256 signatures, uint256 threshold)",
  "error MalleableSignature(uint256 position)",
  "error InvalidSignature(uint256 position)",
  "error InvalidGroupSignature()",
  "error UnknownSigner(address signer)",
  "error KeyNotActive(address signer, uint8 status)",
  "error KeyExpired(address signer, uint256 notAfter)",
  "error SvnTooLow(address signer, uint256 svn, uint256 floor)",
  "error GroupSuspended(address group)",
  "error SignerNotAdmitted(address signer)",
  "error StaleSignerSet()",
  "error NotRegistry(address caller)",
]);

/** A consumer that pulls, and the calls that it takes. */
export interface PullConsumer {
  readonly address: Address;
  /** The message packed for this consumer, behind the selector of one of its functions. */
  call(method: "check" | "useNewer", message: SignedPayload): Promise<string>;
  /** Name of the custom error with which it refuses; the value where it does not. */
  outcome(data: string): Promise<string | bigint>;
}

/** Deploys a consumer that the fixture's account administers, bound to these keys. */
export const createPullConsumer = async (
  fixture: FeedFixture,
  options: {
    readonly feedHash: FeedHash;
    readonly keys: readonly SigningKey[];
    readonly threshold: number;
    readonly maxAge?: number;
    readonly maxSetAge?: number;
  },
): Promise<PullConsumer> => {
  const { account, contracts } = fixture;
  const address = await deployContract(
    account,
    "PullProbe",
    ["address", "address", "bytes32", "uint32", "uint32"],
    [
      contracts.keys,
      account.signer.address,
      options.feedHash,
      options.maxAge ?? 3_600,
      options.maxSetAge ?? 86_400,
    ],
  );
  const signers = {
    workload: WORKLOAD,
    threshold: options.threshold,
    requireHardware: false,
    admitted: byAddress(options.keys).map(addressOf),
  };
  const data = pullAbi.encodeFunctionData("setSigners", [signers]);
  await account.send("signers", { to: address, data });
  const contract = createFeedContract(account.rpc);
  return {
    address,
    call: async (method, message) => {
      const packed = encodeUpdate(message, await contract.signerSet(address, { refresh: true }));
      if (packed === null) throw new Error("the signatures do not fit the signer set");
      return `${pullAbi.getFunction(method)?.selector ?? "0x"}${packed.slice(10)}`;
    },
    outcome: async (call) => {
      const request = { from: account.signer.address, to: address, data: call };
      const answer = await account.rpc.ask("eth_call", [request, "latest"]);
      if (answer.ok) {
        const result = String(answer.result);
        return result === "0x" ? 0n : BigInt.asIntN(256, BigInt(result));
      }
      const parsed = pullAbi.parseError(answer.fault.data ?? "0x");
      return parsed?.name ?? answer.fault.message;
    },
  };
};
