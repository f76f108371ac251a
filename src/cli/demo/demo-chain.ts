import {
  Contract,
  ContractFactory,
  HDNodeWallet,
  isError,
  JsonRpcProvider,
  NonceManager,
  type Signer,
} from "ethers";

import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest, FeedHash } from "../../core/ids.ts";
import { readArtifact } from "./artifact.ts";

/** The contracts of one fabric on the demo's chain. */
export interface DemoContracts {
  readonly keys: string;
  readonly registry: string;
}

/** One feed on the demo's chain and the contract that reads it. */
export interface DemoFeedContracts {
  readonly feedStore: string;
  readonly consumer: string;
}

/** What a contract that knows only `AggregatorV3Interface` sees. */
export interface ConsumerRead {
  readonly round: number;
  readonly answer: bigint;
  readonly decimals: number;
  /** ms since epoch. */
  readonly updatedAt: number;
}

/** The chain as its administrator, a reader and a cheat use it; deliveries are the host's. */
export interface DemoChain {
  /** Private key of the account that the host pays with. */
  readonly hostKey: string;
  deploy(): Promise<DemoContracts>;
  addFeed(feed: {
    readonly hash: FeedHash;
    readonly workload: Digest;
    readonly signer: string;
    /** What the demo, in the part of the verifiers, appraised the key by. */
    readonly evidenceId: Digest;
    readonly policyDigest: Digest;
    readonly decimals: number;
    readonly description: string;
  }): Promise<DemoFeedContracts>;
  read(contracts: DemoFeedContracts): Promise<ConsumerRead>;
  /**
   * Offer a message by a real transaction. Gives the name of the contract's error, null when it was accepted.
   */
  offer(feedStore: string, payload: Uint8Array, signature: Uint8Array): Promise<string | null>;
  close(): void;
}

/** Anvil's published development phrase: worth nothing anywhere. */
const PHRASE = "test test test test test test test test test test test junk";
const HOST = 0;
const ADMIN = 1;
const STRANGER = 2;
/** Rounds that the feed keeps, and the age in seconds that the consumer accepts. */
const RING_SIZE = 64;
const MAX_AGE = 3_600;
const DAY = 86_400;
/** Enough for any message; given, because an estimate would refuse before the chain can. */
const OFFER_GAS = 500_000n;
/** `tee` of the simulator in CryptletKeys. */
const SIMULATOR = 0;

const RESULT_TYPES = {
  AttestationResult: [
    { name: "key", type: "address" },
    { name: "workload", type: "bytes32" },
    { name: "tee", type: "uint8" },
    { name: "hardware", type: "bool" },
    { name: "svn", type: "uint32" },
    { name: "notAfter", type: "uint64" },
    { name: "evidenceId", type: "bytes32" },
    { name: "policyDigest", type: "bytes32" },
    { name: "nonce", type: "uint64" },
  ],
};

const account = (index: number): HDNodeWallet =>
  HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`);

const toBytes32 = (digest: Digest): string => `0x${digest.slice("sha256:".length)}`;

const deployContract = async (
  name: string,
  signer: Signer,
  words: readonly unknown[],
): Promise<string> => {
  const { abi, bytecode } = await readArtifact(name);
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(...words);
  await contract.waitForDeployment();
  return contract.getAddress();
};

const open = async (name: string, address: string, runner: Signer | JsonRpcProvider) =>
  new Contract(address, (await readArtifact(name)).abi, runner);

/** One transaction to its receipt. */
const send = async (contract: Contract, method: string, words: readonly unknown[]) => {
  const sent: unknown = await contract.getFunction(method)(...words);
  if (typeof sent === "object" && sent && "wait" in sent && typeof sent.wait === "function")
    await sent.wait();
};

/** Connect to a fresh anvil. */
export const connectDemoChain = (url: string, chainId: number): DemoChain => {
  const provider = new JsonRpcProvider(url, chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    pollingInterval: 25,
  });
  const verifier = account(ADMIN);
  const admin = new NonceManager(verifier.connect(provider));
  const stranger = new NonceManager(account(STRANGER).connect(provider));
  let contracts: DemoContracts | null = null;

  const deployed = (): DemoContracts => {
    if (contracts) return contracts;
    throw fabricError("DEMO_UNEXPECTED", { expected: "deployed contracts", actual: "none" });
  };

  /** One verifier signs here; a consortium would run several. It attests SIMULATOR, no hardware. */
  const attest = async (
    key: string,
    appraised: { workload: string; evidenceId: string; policyDigest: string },
  ): Promise<void> => {
    const { keys } = deployed();
    const registry = await open("CryptletKeys", keys, admin);
    const result = {
      key,
      ...appraised,
      tee: SIMULATOR,
      hardware: false,
      svn: 1,
      notAfter: Math.floor(Date.now() / 1_000) + 30 * DAY,
      nonce: 0,
    };
    const domain = { name: "CryptletKeys", version: "1", chainId, verifyingContract: keys };
    const signature = await verifier.signTypedData(domain, RESULT_TYPES, result);
    await send(registry, "register", [result, [signature]]);
  };

  return {
    hostKey: account(HOST).privateKey,
    async deploy() {
      const { address } = verifier;
      const keys = await deployContract("CryptletKeys", admin, [address, [address], 1]);
      const logic = await deployContract("FeedLogic", admin, []);
      const registry = await deployContract("FeedRegistry", admin, [address, keys, logic]);
      const keyRegistry = await open("CryptletKeys", keys, admin);
      const role: unknown = await keyRegistry.getFunction("FEED_ROLE")();
      await send(keyRegistry, "grantRole", [role, registry]);
      contracts = { keys, registry };
      return contracts;
    },
    async addFeed({ hash, workload, signer, evidenceId, policyDigest, decimals, description }) {
      const measured = toBytes32(workload);
      await attest(signer, {
        workload: measured,
        evidenceId: toBytes32(evidenceId),
        policyDigest: toBytes32(policyDigest),
      });
      const registry = await open("FeedRegistry", deployed().registry, admin);
      const signers = {
        workload: measured,
        threshold: 1,
        requireHardware: false,
        admitted: [signer],
      };
      await send(registry, "createFeed", [hash, signers, RING_SIZE, decimals, description]);
      const feedStore = String(await registry.getFunction("feedOf")(hash));
      const consumer = await deployContract("GoldConsumer", admin, [feedStore, MAX_AGE]);
      return { feedStore, consumer };
    },
    async read({ feedStore, consumer }) {
      const reader = await open("GoldConsumer", consumer, provider);
      const feed = await open("AggregatorV3Interface", feedStore, provider);
      const [price, decimals] = (await reader.getFunction("goldPrice")()) as [bigint, bigint];
      const [round, , , updatedAt] = (await feed.getFunction("latestRoundData")()) as bigint[];
      return {
        round: Number(round ?? 0n),
        answer: price,
        decimals: Number(decimals),
        updatedAt: Number(updatedAt ?? 0n) * 1_000,
      };
    },
    async offer(feedStore, payload, signature) {
      const feed = await open("IFeedStore", feedStore, stranger);
      const submit = feed.getFunction("submit");
      const words = [payload, [signature]];
      const refusal = await submit.staticCall(...words).then(
        () => null,
        (error: unknown) => {
          if (isError(error, "CALL_EXCEPTION")) return error.revert?.name ?? "no error name";
          throw error;
        },
      );
      const sent = await submit.send(...words, { gasLimit: OFFER_GAS });
      const landed = await sent.wait().then(
        (receipt) => receipt?.status === 1,
        (error: unknown) => {
          if (isError(error, "CALL_EXCEPTION")) return false;
          throw error;
        },
      );
      return landed ? null : refusal;
    },
    close: () => provider.destroy(),
  };
};
