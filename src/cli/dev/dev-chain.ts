import { HDNodeWallet } from "ethers";
import { z } from "zod";

import { deployContracts, registerFeed, toSignersTuple } from "../../adapters/evm/deploy.ts";
import { createEvmAccount } from "../../adapters/evm/evm-account.ts";
import { smallQuantity } from "../../adapters/evm/evm-rpc.ts";
import { feedAbi, registryAbi } from "../../adapters/evm/feed-abi.ts";
import { createTransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import type { Address, FeedHash } from "../../core/ids.ts";
import { startAnvil } from "../anvil.ts";
import type { AppraisedSigner } from "../contract/appraise-signer.ts";
import { attestSigner, toBytes32 } from "../contract/attest-signer.ts";

/** What a contract that was written for Chainlink reads. Times are ms since epoch. */
export interface ChainRead {
  readonly round: number;
  readonly answer: bigint;
  readonly updatedAt: number;
  /** Of the block that it was read at. */
  readonly blockTime: number;
}

/** The local chain of one session, with the shared contracts on it. */
export interface DevChain {
  readonly url: string;
  readonly chainId: number;
  /** Private key of the account that pays for deliveries: anvil's published one. */
  readonly hostKey: string;
  /** A contract for a feed; nobody may sign for it yet. */
  addFeed(feed: {
    readonly hash: FeedHash;
    readonly decimals: number;
    readonly description: string;
  }): Promise<Address>;
  /** From now on this key alone signs for these feeds, for `LIFETIME_S` of market time. */
  admit(feeds: readonly FeedHash[], signer: AppraisedSigner, at: number): Promise<void>;
  read(contract: string): Promise<ChainRead>;
  /** Later blocks are of this time on, ms since epoch; a time that is past changes nothing. */
  setTime(at: number): Promise<void>;
  stop(): Promise<void>;
}

export const DEV_CHAIN_ID = 31_337;
/** A key is admitted for so many seconds of market time. */
export const LIFETIME_S = 300 * 86_400;
/** Anvil's published development phrase: worth nothing anywhere. */
const PHRASE = "test test test test test test test test test test test junk";
const HOST = 0;
const ADMIN = 1;
/** Older rounds that stay readable. */
const RING_SIZE = 64;

const roundSchema = z.tuple([z.bigint(), z.bigint(), z.bigint(), z.bigint(), z.bigint()]);
const blockSchema = z.object({ timestamp: smallQuantity });

const seconds = (at: number): number => Math.floor(at / 1_000);

const privateKey = (index: number): string =>
  HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`).privateKey;

/** Start anvil at a time and put the shared contracts on it. Throws `ANVIL_UNAVAILABLE`, `DEPLOYMENT_FAILED`. */
export const startDevChain = async (options: {
  /** Of its first block, ms since epoch. */
  readonly at: number;
  readonly signal: AbortSignal;
}): Promise<DevChain> => {
  const { signal } = options;
  const anvil = await startAnvil({
    signal,
    chainId: DEV_CHAIN_ID,
    // Any page that the developer has open could ask it otherwise, and move its clock and its money.
    extra: ["--timestamp", String(seconds(options.at)), "--no-cors"],
  });
  try {
    const admin = createEvmAccount({
      rpcUrl: anvil.url,
      signer: createTransactionSigner(privateKey(ADMIN)),
    });
    const { rpc, signer: administrator } = admin;
    const contracts = await deployContracts(admin, {
      verifiers: [administrator.address],
      threshold: 1,
      signal,
    });
    const blockTime = async (): Promise<number> => {
      const block = await rpc.call(blockSchema, "eth_getBlockByNumber", ["latest", false], {
        signal,
      });
      return block.timestamp * 1_000;
    };
    let setTo = seconds(options.at);
    return {
      url: anvil.url,
      chainId: DEV_CHAIN_ID,
      hostKey: privateKey(HOST),
      addFeed: ({ hash, decimals, description }) =>
        registerFeed(
          admin,
          contracts.registry,
          {
            feedHash: hash,
            // An address of no attested key: a list must not be empty.
            workload: `0x${"0".repeat(64)}`,
            signers: [administrator.address],
            threshold: 1,
            ringSize: RING_SIZE,
            decimals,
            description,
          },
          { signal },
        ),
      admit: async (feeds, { address, measurement, evidenceId, policyDigest }, at) => {
        const notAfter = seconds(at) + LIFETIME_S;
        const attestation = {
          signer: address,
          workload: measurement,
          evidenceId,
          policyDigest,
          notAfter,
        };
        await attestSigner(admin, contracts.keys, attestation, { signal });
        const workload = toBytes32(measurement);
        const signers = toSignersTuple({ workload, threshold: 1, signers: [address] });
        for (const hash of feeds) {
          const data = registryAbi.encodeFunctionData("setSigners", [hash, signers]);
          await admin.send("the feed's signers", { to: contracts.registry, data }, { signal });
        }
      },
      read: async (contract) => {
        const answer = await admin.read(contract, feedAbi.encodeFunctionData("latestRoundData"));
        const found = feedAbi.decodeFunctionResult("latestRoundData", answer).toArray();
        const [round, value, , updatedAt] = roundSchema.parse(found);
        return {
          round: Number(round),
          answer: value,
          updatedAt: Number(updatedAt) * 1_000,
          blockTime: await blockTime(),
        };
      },
      setTime: async (at) => {
        // anvil refuses a block that is older than the one before it.
        if (seconds(at) <= setTo) return;
        setTo = seconds(at);
        await rpc.call(z.unknown(), "anvil_setTime", [setTo], { signal });
      },
      stop: () => anvil.stop(),
    };
  } catch (error) {
    await anvil.stop();
    throw error;
  }
};
