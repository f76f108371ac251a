import { keccak256, toUtf8Bytes } from "ethers";
import type { EvmReceipt } from "../../src/adapters/evm/chain-answers.ts";
import { deployContracts, registerFeed, type Deployment } from "../../src/adapters/evm/deploy.ts";
import type { SignerSet } from "../../src/adapters/evm/encode-signers.ts";
import { encodeUpdate, type SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import { createEvmAccount, type EvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { createFeedContract } from "../../src/adapters/evm/feed-contract.ts";
import { registerKey, type KeyAttestation } from "../../src/adapters/evm/register-key.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import type { Address, Digest, FeedHash } from "../../src/core/ids.ts";
import { addressSchema } from "../../src/core/ids.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import {
  encodeOnchainObservation,
  type OnchainObservation,
} from "../../src/envelope/observation-solabi.ts";
import { ANVIL_SECRETS, type TestChain } from "./test-chain.ts";

/** The same secret for the same name, in every run. */
export const namedSecret = (name: string): string => keccak256(toUtf8Bytes(name));

export const namedHash = (name: string): FeedHash => namedSecret(name) as FeedHash;

/** An enclave's on-chain key with a fixed secret. */
export const namedKey = (name: string): SigningKey =>
  createSigningKey("secp256k1-keccak256", hexToBytes(namedSecret(name)));

export const addressOf = (key: SigningKey): Address => addressSchema.parse(key.record.address);

/** By address, as a feed keeps its signers. */
export const byAddress = (keys: readonly SigningKey[]): readonly SigningKey[] =>
  keys.toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));

export const WORKLOAD = namedSecret("workload of gold-price");
export const verifiers = ["verifier a", "verifier b", "verifier c"].map((name) =>
  createTransactionSigner(namedSecret(name)),
);

/** Key registry, rules and feed registry on a chain, two of three verifiers. */
export interface FeedFixture {
  readonly chain: TestChain;
  readonly account: EvmAccount;
  readonly contracts: Deployment;
  /** Time of the latest block, s. */
  now(): Promise<number>;
  attest(key: SigningKey, change?: Partial<KeyAttestation>): Promise<void>;
  /** Attests the keys and registers a feed for them. */
  feed(name: string, options: FeedOptions): Promise<TestFeed>;
}

export interface FeedOptions {
  readonly keys: readonly SigningKey[];
  readonly threshold?: number;
  readonly ringSize?: number;
  readonly requireHardware?: boolean;
}

/** Outcome of a call that was sent or simulated: the receipt, or the code of the refusal. */
export type SentCall = { readonly receipt: EvmReceipt } | { readonly code: string };

/** One feed with the means to sign for it and to ask it. */
export interface TestFeed {
  readonly address: Address;
  readonly feedHash: FeedHash;
  readonly keys: readonly SigningKey[];
  signerSet(): Promise<SignerSet>;
  /** A signed observation; by default at chain time + round, valid for an hour, signed by every key. */
  message(round: number, change?: MessageChange): Promise<SignedPayload>;
  /** Packed calldata for a message. Throws where it does not fit the set. */
  packed(message: SignedPayload): Promise<string>;
  /** Sends calldata from the account; refused calls are not sent. */
  send(data: string): Promise<SentCall>;
  /** Refusal code of calldata; null when it would be accepted. */
  refusal(data: string): Promise<string | null>;
  read(method: string, ...values: readonly unknown[]): Promise<readonly unknown[]>;
  /** `[round, answer, updatedAt]` of the latest round. */
  latest(): Promise<readonly [bigint, bigint, bigint]>;
}

export interface MessageChange extends Partial<Omit<OnchainObservation, "round">> {
  readonly signers?: readonly SigningKey[];
}

/** Signs exactly what the envelope signs. */
export const signTuple = (
  observation: OnchainObservation,
  signers: readonly SigningKey[],
): SignedPayload => {
  const payload = encodeOnchainObservation(observation);
  const message = preAuthEncoding(OBSERVATION_SOLABI_TYPE, payload);
  return { payload, signatures: signers.map((key) => key.sign(message)) };
};

const createTestFeed = (
  fixture: Omit<FeedFixture, "feed">,
  address: Address,
  feedHash: FeedHash,
  keys: readonly SigningKey[],
): TestFeed => {
  const { account } = fixture;
  const contract = createFeedContract(account.rpc);
  const refusal = async (data: string): Promise<string | null> => {
    const call = { from: account.signer.address, to: address, data };
    const outcome = await contract.simulate(call);
    return outcome.ok ? null : outcome.refusal.code;
  };
  const read: TestFeed["read"] = async (method, ...values) => {
    const data = feedAbi.encodeFunctionData(method, [...values]);
    return feedAbi.decodeFunctionResult(method, await account.read(address, data)).toArray();
  };
  const signerSet = () => contract.signerSet(address, { refresh: true });
  return {
    address,
    feedHash,
    keys,
    signerSet,
    refusal,
    read,
    message: async (round, { signers = keys, ...change } = {}) => {
      const now = await fixture.now();
      const observation: OnchainObservation = {
        feedHash,
        round,
        value: 265_010_000_000n + BigInt(round) * 1_234_567n,
        observedAt: now + round,
        validUntil: now + 3_600,
        statementDigest: `sha256:${namedSecret(`statement ${round}`).slice(2)}` as Digest,
        ...change,
      };
      return signTuple(observation, signers);
    },
    packed: async (message) => {
      const data = encodeUpdate(message, await signerSet());
      if (data === null) throw new Error("the signatures do not fit the signer set");
      return data;
    },
    send: async (data) => {
      const code = await refusal(data);
      return code === null
        ? { receipt: await account.send("update", { to: address, data }) }
        : { code };
    },
    latest: async () => {
      const [round, answer, , updatedAt] = await read("latestRoundData");
      return [round as bigint, answer as bigint, updatedAt as bigint];
    },
  };
};

/** Deploys everything that feeds need. */
export const createFeedFixture = async (chain: TestChain): Promise<FeedFixture> => {
  const signer = createTransactionSigner(ANVIL_SECRETS[0]);
  const account = createEvmAccount({ rpcUrl: chain.url, signer });
  const contracts = await deployContracts(account, {
    verifiers: verifiers.map(({ address }) => address),
    threshold: 2,
  });
  const now = async (): Promise<number> => {
    const block = (await chain.ask("eth_getBlockByNumber", "latest", false)) as {
      timestamp: string;
    };
    return Number(block.timestamp);
  };
  const fixture: Omit<FeedFixture, "feed"> = {
    chain,
    account,
    contracts,
    now,
    attest: async (key, change) => {
      const attestation: KeyAttestation = {
        key: addressOf(key),
        workload: WORKLOAD,
        tee: "simulator",
        hardware: false,
        svn: 1,
        notAfter: (await now()) + 30 * 86_400,
        evidenceId: namedSecret("evidence"),
        policyDigest: namedSecret("policy"),
        ...change,
      };
      await registerKey(account, contracts.keys, attestation, verifiers.slice(0, 2));
    },
  };
  return {
    ...fixture,
    feed: async (name, { keys, threshold, ringSize = 4, requireHardware = false }) => {
      for (const key of keys) await fixture.attest(key);
      const feedHash = namedHash(name);
      const address = await registerFeed(account, contracts.registry, {
        feedHash,
        workload: WORKLOAD,
        signers: keys.map(addressOf),
        threshold: threshold ?? keys.length,
        ringSize,
        decimals: 8,
        description: name,
        requireHardware,
      });
      return createTestFeed(fixture, address, feedHash, byAddress(keys));
    },
  };
};
