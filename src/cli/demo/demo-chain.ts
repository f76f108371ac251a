import { HDNodeWallet } from "ethers";
import { z } from "zod";

import { receiptSchema } from "../../adapters/evm/chain-answers.ts";
import { deployContracts, type Deployment } from "../../adapters/evm/deploy.ts";
import { createEvmAccount } from "../../adapters/evm/evm-account.ts";
import { quantity, smallQuantity } from "../../adapters/evm/evm-rpc.ts";
import { feedAbi } from "../../adapters/evm/feed-abi.ts";
import { deployConsumer, readConsumer } from "../../adapters/evm/gold-consumer.ts";
import { createTransactionSigner, signTransaction } from "../../adapters/evm/transaction-signer.ts";
import { systemClock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address, Digest, FeedHash } from "../../core/ids.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { admitFeed } from "../contract/admit-feed.ts";

/** The shared contracts of one fabric on the demo's chain. */
export type DemoContracts = Pick<Deployment, "keys" | "logic" | "registry">;

/** One feed on the demo's chain and the contract that reads it. */
export interface DemoFeedContracts {
  readonly feedStore: Address;
  readonly consumer: Address;
}

/** What a contract that knows only `AggregatorV3Interface` sees. */
export interface ConsumerRead {
  readonly round: number;
  readonly answer: bigint;
  readonly decimals: number;
  /** ms since epoch. */
  readonly updatedAt: number;
}

/** A feed as the demo registers it. */
export interface DemoFeedRegistration {
  readonly hash: FeedHash;
  readonly workload: Digest;
  readonly signer: Address;
  /** What the demo, in the part of the verifiers, appraised the key by. */
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  readonly decimals: number;
  readonly description: string;
}

/** The chain as its administrator, a reader and a cheat use it; deliveries are the host's. */
export interface DemoChain {
  /** Private key of the account that the host pays with. */
  readonly hostKey: string;
  /** The engine's name and version. */
  engine(): Promise<string>;
  deploy(): Promise<DemoContracts>;
  addFeed(contracts: DemoContracts, feed: DemoFeedRegistration): Promise<DemoFeedContracts>;
  read(contracts: DemoFeedContracts): Promise<ConsumerRead>;
  /** Offer a message by a real transaction. Gives the name of the contract's error, null when it was accepted. */
  offer(feedStore: Address, payload: Uint8Array, signature: Uint8Array): Promise<string | null>;
}

/** Anvil's published development phrase: worth nothing anywhere. */
const PHRASE = "test test test test test test test test test test test junk";
const HOST = 0;
const ADMIN = 1;
const STRANGER = 2;
/** Rounds that the feed keeps, and the age in seconds that the consumer accepts. */
const RING_SIZE = 64;
const MAX_AGE = 3_600;
const KEY_LIFETIME = 30 * 86_400;
/** Enough for any message; given, because an estimate would refuse before the chain can. */
const OFFER_GAS = 500_000n;
const POLL_MS = 20;

const roundSchema = z.tuple([z.bigint(), z.bigint(), z.bigint(), z.bigint(), z.bigint()]);

const privateKey = (index: number): string =>
  HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`).privateKey;

/** Talk to a fresh anvil. */
export const connectDemoChain = (url: string, signal: AbortSignal): DemoChain => {
  const accountOf = (index: number) =>
    createEvmAccount({ rpcUrl: url, signer: createTransactionSigner(privateKey(index)) });
  const admin = accountOf(ADMIN);
  const stranger = accountOf(STRANGER);
  const options = { signal };

  /** Why the contract would refuse, asked without a transaction; null when it would accept. */
  const foresee = async (to: Address, data: string): Promise<string | null> => {
    const call = { from: stranger.signer.address, to, data };
    const answer = await stranger.rpc.ask("eth_call", [call, "latest"], options);
    if (answer.ok) return null;
    return feedAbi.parseError(answer.fault.data ?? "0x")?.name ?? "no named error";
  };

  /** Send it although it is known to fail: true when it took effect. */
  const insist = async (to: Address, data: string): Promise<boolean> => {
    const { rpc, signer } = stranger;
    const [chainId, nonce, gasPrice] = await Promise.all([
      stranger.chainId(),
      rpc.call(smallQuantity, "eth_getTransactionCount", [signer.address, "pending"], options),
      rpc.call(quantity, "eth_gasPrice", [], options),
    ]);
    const fields = { type: 0, chainId, nonce, gasPrice, gasLimit: OFFER_GAS, value: 0n, to, data };
    const { raw, hash } = await signTransaction(fields, signer);
    await rpc.call(quantity, "eth_sendRawTransaction", [raw], options);
    for (;;) {
      const schema = receiptSchema.nullable();
      const receipt = await rpc.call(schema, "eth_getTransactionReceipt", [hash], options);
      if (receipt) return receipt.status === 1;
      await systemClock.sleep(POLL_MS, options);
    }
  };

  return {
    hostKey: privateKey(HOST),
    engine: () => admin.rpc.call(z.string().max(200), "web3_clientVersion", [], options),
    async deploy() {
      const verifiers = [admin.signer.address];
      const { keys, logic, registry } = await deployContracts(admin, {
        verifiers,
        threshold: 1,
        ...options,
      });
      return { keys, logic, registry };
    },
    async addFeed(contracts, { hash, workload, signer, evidenceId, policyDigest, ...shown }) {
      // One verifier signs here; a consortium runs several. It attests SIMULATOR and no hardware.
      const notAfter = Math.floor(Date.now() / 1_000) + KEY_LIFETIME;
      const { feedStore } = await admitFeed(
        admin,
        contracts,
        {
          hash,
          workload,
          signer,
          evidenceId,
          policyDigest,
          notAfter,
          ringSize: RING_SIZE,
          ...shown,
        },
        options,
      );
      const target = { feed: feedStore, maxAgeSeconds: MAX_AGE };
      return { feedStore, consumer: await deployConsumer(admin, target, options) };
    },
    async read({ feedStore, consumer }) {
      const { price, decimals } = await readConsumer(admin, consumer);
      const call = feedAbi.encodeFunctionData("latestRoundData");
      const answer = await admin.read(feedStore, call);
      const found = feedAbi.decodeFunctionResult("latestRoundData", answer).toArray();
      const [round, , , updatedAt] = roundSchema.parse(found);
      return {
        round: Number(round),
        answer: price,
        decimals,
        updatedAt: Number(updatedAt) * 1_000,
      };
    },
    async offer(feedStore, payload, signature) {
      const words = [`0x${bytesToHex(payload)}`, [`0x${bytesToHex(signature)}`]];
      const data = feedAbi.encodeFunctionData("submit", words);
      const refusal = await foresee(feedStore, data);
      const accepted = await insist(feedStore, data);
      if (accepted !== (refusal === null))
        throw fabricError("DEMO_UNEXPECTED", {
          expected: refusal ?? "acceptance",
          actual: accepted ? "acceptance" : "a reverted transaction",
        });
      return refusal;
    },
  };
};
