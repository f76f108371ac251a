import { secp256k1 } from "@noble/curves/secp256k1.js";
import { dataSlice, JsonRpcProvider } from "ethers";
import { deployContracts, registerFeed } from "../../src/adapters/evm/deploy.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerGroup, setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import { registerKey } from "../../src/adapters/evm/register-key.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { type Anvil, startAnvil } from "../../src/cli/anvil.ts";
import type { AppraisedSigner } from "../../src/cli/contract/appraise-signer.ts";
import { type Address, addressSchema, cryptletIdSchema, digestHex } from "../../src/core/ids.ts";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import type { GroupStatement } from "../../src/crypto/frost/group-record.ts";
import { suiteOf } from "../../src/crypto/suites.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import { QUORUM_FABRIC, QUORUM_FEED } from "./quorum-stage.ts";

const CHAIN_ID = 31_337;
const DAY = 86_400;
/** The fourth of anvil's accounts; the first three pay for the hosts. */
const ADMIN = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/** A chain whose feed takes a threshold of the hosts' keys. */
export interface QuorumChain {
  readonly anvil: Anvil;
  readonly chainId: number;
  readonly feedStore: Address;
  /** Rounds in the order in which they landed. */
  landed(): Promise<readonly number[]>;
  /** The transaction that brought a round: its entry's selector and the gas of the whole of it. */
  landing(round: number): Promise<{ readonly entry: string; readonly gasUsed: number } | null>;
  /** What the contract says is its newest round. */
  latest(): Promise<number>;
  /** Verifiers, who saw the members' evidence, register the group's key for members of these addresses. */
  registerGroup(statement: GroupStatement, members: readonly Address[]): Promise<void>;
  /** Admits a group's key beside the list. */
  admitGroup(statement: GroupStatement): Promise<void>;
  close(): Promise<void>;
}

/** A fresh anvil with a feed that needs `threshold` of these keys. */
export const openQuorumChain = async (
  signers: readonly AppraisedSigner[],
  threshold: number,
  signal: AbortSignal,
  { ringSize = 64 }: { readonly ringSize?: number } = {},
): Promise<QuorumChain> => {
  const anvil = await startAnvil({ chainId: CHAIN_ID, signal });
  const admin = createEvmAccount({ rpcUrl: anvil.url, signer: createTransactionSigner(ADMIN) });
  const verifiers = [admin.signer.address];
  const contracts = await deployContracts(admin, { verifiers, threshold: 1, signal });
  const [first] = signers;
  if (!first) throw new Error("a feed has signers");
  const workload = `0x${digestHex(first.measurement)}`;
  for (const signer of signers)
    await registerKey(
      admin,
      contracts.keys,
      {
        key: signer.address,
        workload,
        tee: "simulator",
        hardware: false,
        svn: 1,
        notAfter: Math.floor(Date.now() / 1_000) + 30 * DAY,
        evidenceId: `0x${digestHex(signer.evidenceId)}`,
        policyDigest: `0x${digestHex(signer.policyDigest)}`,
      },
      [admin.signer],
    );
  const feedHash = computeFeedHash({
    fabric: QUORUM_FABRIC,
    cryptlet: cryptletIdSchema.parse("obedient"),
    feed: QUORUM_FEED,
    parameters: { do: "publish" },
  });
  const feedStore = await registerFeed(admin, contracts.registry, {
    feedHash,
    workload,
    signers: signers.map(({ address }) => address),
    threshold,
    ringSize,
    decimals: 8,
    description: "XAU / USD",
  });
  const provider = new JsonRpcProvider(anvil.url, undefined, { staticNetwork: true });
  const logs = async () => {
    const topics = [feedAbi.getEvent("AnswerUpdated")?.topicHash ?? null];
    const found = await provider.getLogs({ address: feedStore, topics, fromBlock: 0 });
    return found.map(({ topics: of, data, transactionHash }) => ({
      round: Number(feedAbi.decodeEventLog("AnswerUpdated", data, of)["roundId"]),
      transactionHash,
    }));
  };
  return {
    anvil,
    chainId: CHAIN_ID,
    feedStore,
    landed: async () => (await logs()).map(({ round }) => round),
    landing: async (round) => {
      const hash = (await logs()).find((each) => each.round === round)?.transactionHash ?? "";
      const [sent, receipt] = await Promise.all([
        provider.getTransaction(hash),
        provider.getTransactionReceipt(hash),
      ]);
      if (!sent || !receipt) return null;
      return { entry: dataSlice(sent.data, 0, 4), gasUsed: Number(receipt.gasUsed) };
    },
    latest: async () => {
      const data = feedAbi.encodeFunctionData("latestRoundData");
      const answer = await provider.call({ to: feedStore, data });
      return Number(feedAbi.decodeFunctionResult("latestRoundData", answer)[0]);
    },
    registerGroup: async ({ key, threshold: k, epoch }, members) => {
      const point = secp256k1.Point.fromBytes(
        suiteOf(key.suite).importSpki(decodeBase64(key.publicKey, "group key")),
      ).toAffine();
      await registerGroup(
        admin,
        contracts.keys,
        {
          key: addressSchema.parse(key.address),
          x: point.x,
          parity: point.y % 2n === 0n ? 27 : 28,
          k,
          epoch,
          members,
          workload,
          tee: "simulator",
          hardware: false,
          svn: 1,
          notAfter: Math.floor(Date.now() / 1_000) + 20 * DAY,
          evidenceId: `0x${digestHex(first.evidenceId)}`,
          policyDigest: `0x${digestHex(first.policyDigest)}`,
        },
        [admin.signer],
      );
    },
    admitGroup: async ({ key }) => {
      await setFeedGroup(admin, contracts.registry, {
        feedHash,
        group: addressSchema.parse(key.address),
      });
    },
    close: async () => {
      provider.destroy();
      await anvil.stop();
    },
  };
};
