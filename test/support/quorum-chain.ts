import { JsonRpcProvider } from "ethers";
import { deployContracts, registerFeed } from "../../src/adapters/evm/deploy.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerKey } from "../../src/adapters/evm/register-key.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { type Anvil, startAnvil } from "../../src/cli/anvil.ts";
import type { AppraisedSigner } from "../../src/cli/contract/appraise-signer.ts";
import { type Address, cryptletIdSchema, digestHex } from "../../src/core/ids.ts";
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
  close(): Promise<void>;
}

/** A fresh anvil with a feed that needs `threshold` of these keys. */
export const openQuorumChain = async (
  signers: readonly AppraisedSigner[],
  threshold: number,
  signal: AbortSignal,
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
  const feedStore = await registerFeed(admin, contracts.registry, {
    feedHash: computeFeedHash({
      fabric: QUORUM_FABRIC,
      cryptlet: cryptletIdSchema.parse("obedient"),
      feed: QUORUM_FEED,
      parameters: { do: "publish" },
    }),
    workload,
    signers: signers.map(({ address }) => address),
    threshold,
    ringSize: 64,
    decimals: 8,
    description: "XAU / USD",
  });
  const provider = new JsonRpcProvider(anvil.url, undefined, { staticNetwork: true });
  return {
    anvil,
    chainId: CHAIN_ID,
    feedStore,
    landed: async () => {
      const topics = [feedAbi.getEvent("AnswerUpdated")?.topicHash ?? null];
      const logs = await provider.getLogs({ address: feedStore, topics, fromBlock: 0 });
      return logs.map(({ topics: of, data }) =>
        Number(feedAbi.decodeEventLog("AnswerUpdated", data, of)["roundId"]),
      );
    },
    close: async () => {
      provider.destroy();
      await anvil.stop();
    },
  };
};
