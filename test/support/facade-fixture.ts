import { readFileSync } from "node:fs";
import {
  Contract,
  ContractFactory,
  Interface,
  JsonRpcProvider,
  NonceManager,
  Wallet,
  type TransactionReceipt,
} from "ethers";
import { z } from "zod";
import { createEvmRpc } from "../../src/adapters/evm/evm-rpc.ts";
import { encodeUpdate, type SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import type { SignerSet } from "../../src/adapters/evm/encode-signers.ts";
import { deployFacade, type FacadePlan } from "../../src/adapters/evm/deploy-facade.ts";
import { facadeContracts } from "../../src/adapters/evm/facade-kinds.ts";
import { addressSchema, chainNameSchema, type Address } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import type { EvmEngine } from "./evm-engines.ts";
import { createFeedFixture, namedKey, type FeedFixture, type TestFeed } from "./feed-fixture.ts";
import { ANVIL_SECRETS, type TestChain } from "./test-chain.ts";

const artifactSchema = z.object({
  abi: z.array(z.record(z.string(), z.unknown())),
  bytecode: z.string(),
});
const readCompiled = (folder: string, name: string) => {
  const url = new URL(`../../dist/${folder}/${name}.json`, import.meta.url);
  return artifactSchema.parse(JSON.parse(readFileSync(url, "utf8")));
};

/** Compiled contract that only tests deploy: `contracts/test/consumers`, and what the peers published. */
export const readTestContract = (name: string) => readCompiled("test-contracts", name);
/** ABI of a contract that ships, from the compiler. */
export const shippedAbi = (name: string): Interface =>
  new Interface(readCompiled("contracts", name).abi);

/** A chain with feeds, a second account, and what consumers of facades need. */
export interface FacadeFixture extends FeedFixture {
  readonly provider: JsonRpcProvider;
  /** Somebody else than the administrator, with money. */
  readonly user: NonceManager;
  readonly userAddress: string;
  /** Does the work while blocks are made, and stops making them. */
  inBlocks<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Deploys what only tests deploy. */
  consumer(name: string, ...values: readonly unknown[]): Promise<Contract>;
  /** Deploys from bytecode that a peer published. */
  deployPublished(
    artifact: { readonly abi: readonly unknown[]; readonly bytecode: string },
    ...values: readonly unknown[]
  ): Promise<Contract>;
  facade(plan: FacadePlan): Promise<Contract>;
  /** Sends from the user in a block of its own; the receipt says what became of it. */
  send(
    to: Contract,
    method: string,
    values: readonly unknown[],
    options?: { readonly value?: bigint; readonly gasLimit?: bigint },
  ): Promise<TransactionReceipt>;
  /** A feed of its own with these values as rounds from 1 on, a second apart, ending about now. */
  feedWith(name: string, values: readonly bigint[]): Promise<TestFeed>;
  /** Puts a message on a feed, packed. */
  push(feed: TestFeed, message: SignedPayload): Promise<void>;
}

/** An item of Pyth's update data, written by hand. */
export const pythUpdate = ({ payload, signatures }: SignedPayload, form = "00"): string =>
  `0x${form}${bytesToHex(payload)}${signatures.map(bytesToHex).join("")}`;

/** The same in the packed form, by what the packed entries take. */
export const packedPythUpdate = (message: SignedPayload, set: SignerSet): string => {
  const data = encodeUpdate(message, set);
  if (data === null) throw new Error("the signatures do not fit the signer set");
  return `0x02${bytesToHex(message.payload.subarray(0, 32))}${data.slice(10)}`;
};

/** Reads without sending. */
export const ask = async (
  contract: Contract,
  method: string,
  ...values: readonly unknown[]
): Promise<readonly unknown[]> => {
  const data = contract.interface.encodeFunctionData(method, [...values]);
  const call = { to: await contract.getAddress(), data };
  const answer = await (contract.runner?.call?.(call) ?? Promise.reject(new Error("no runner")));
  return contract.interface.decodeFunctionResult(method, answer).toArray();
};

const revertSchema = z.object({ data: z.string().nullish() });

/**
 * Name of the custom error that a call would end with, by the contract's ABI or the others; the bare data where no ABI
 * knows it; null when it would succeed. Nothing is sent.
 */
export const refusalOf = async (
  contract: Contract,
  method: string,
  values: readonly unknown[],
  options: { readonly value?: bigint; readonly abis?: readonly Interface[] } = {},
): Promise<string | null> => {
  const data = contract.interface.encodeFunctionData(method, [...values]);
  const call = {
    to: await contract.getAddress(),
    data,
    value: options.value ?? 0n,
    gasLimit: GAS_LIMIT,
  };
  try {
    await contract.runner?.call?.(call);
    return null;
  } catch (error) {
    const revert = revertSchema.safeParse(error).data?.data ?? null;
    if (revert === null || revert === "0x") return "no data";
    for (const abi of [contract.interface, ...(options.abis ?? [])]) {
      const found = abi.parseError(revert);
      if (found) return found.name;
    }
    return revert;
  }
};

const GAS_LIMIT = 3_000_000n;
/** Where solc leaves room for a library's address. */
const LIBRARY = /__\$[0-9a-f]{34}\$__/;

/** Deploys what feeds need on a running engine. */
export const createFacadeFixture = async (engine: EvmEngine): Promise<FacadeFixture> => {
  const chain: TestChain = {
    url: engine.rpcUrl,
    stop: () => engine.stop(),
    rpc: createEvmRpc({ name: chainNameSchema.parse("local"), url: engine.rpcUrl }),
    ask: (method, ...params) => engine.ask(method, ...params),
  };
  let waiting = 0;
  const inBlocks: FacadeFixture["inBlocks"] = async (work) => {
    waiting += 1;
    engine.autoMine(20);
    try {
      return await work();
    } finally {
      waiting -= 1;
      if (waiting === 0) engine.autoMine(null);
    }
  };
  const feeds = await inBlocks(() => createFeedFixture(chain));
  // Answers are never kept: a test changes the chain between two questions.
  const provider = new JsonRpcProvider(engine.rpcUrl, engine.chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    batchMaxCount: 1,
  });
  const wallet = new Wallet(ANVIL_SECRETS[1], provider);
  const user = new NonceManager(wallet);
  const mined = async (hash: string): Promise<TransactionReceipt> => {
    await engine.mine();
    const receipt = await provider.getTransactionReceipt(hash);
    if (!receipt) throw new Error(`${hash} was not mined`);
    return receipt;
  };
  const deployPublished: FacadeFixture["deployPublished"] = async (artifact, ...values) => {
    const factory = new ContractFactory(artifact.abi as never, artifact.bytecode, user);
    const sent = await factory.deploy(...values, { gasLimit: 8_000_000n });
    const hash = sent.deploymentTransaction()?.hash ?? "";
    const receipt = await mined(hash);
    if (receipt.status !== 1 || receipt.contractAddress === null) throw new Error("not deployed");
    return new Contract(receipt.contractAddress, artifact.abi as never, user);
  };
  const send: FacadeFixture["send"] = async (to, method, values, options = {}) => {
    const data = to.interface.encodeFunctionData(method, [...values]);
    const { hash } = await user.sendTransaction({
      to: await to.getAddress(),
      data,
      gasLimit: options.gasLimit ?? GAS_LIMIT,
      value: options.value ?? 0n,
    });
    return await mined(hash);
  };
  const feed: FacadeFixture["feed"] = (name, settings) =>
    inBlocks(() => feeds.feed(name, settings));
  const push: FacadeFixture["push"] = async (to, message) => {
    const sent = await inBlocks(async () => await to.send(await to.packed(message)));
    if ("code" in sent) throw new Error(sent.code);
  };
  return {
    ...feeds,
    feed,
    feedWith: async (name, values) => {
      const made = await feed(name, { keys: [namedKey("facades")], ringSize: 8 });
      const first = (await feeds.now()) - values.length;
      for (const [index, value] of values.entries()) {
        const times = { observedAt: first + index, validUntil: first + 7_200 };
        await push(made, await made.message(index + 1, { value, ...times }));
      }
      return made;
    },
    attest: (key, change) => inBlocks(() => feeds.attest(key, change)),
    provider,
    user,
    userAddress: wallet.address,
    inBlocks,
    consumer: async (name, ...values) => {
      const { abi, bytecode } = readTestContract(name);
      if (!LIBRARY.test(bytecode)) return await deployPublished({ abi, bytecode }, ...values);
      // The only library that a consumer is linked with.
      const library = await deployPublished(readTestContract("PythUtils"));
      const address = (await library.getAddress()).slice(2).toLowerCase();
      return await deployPublished(
        { abi, bytecode: bytecode.split(LIBRARY).join(address) },
        ...values,
      );
    },
    deployPublished,
    facade: async (plan) => {
      const address = await inBlocks(() => deployFacade(feeds.account, plan));
      return new Contract(address, shippedAbi(facadeContracts[plan.kind]), user);
    },
    send,
    push,
  };
};

/** The contract's address, as the rest of the product writes it. */
export const addressOfContract = async (contract: Contract): Promise<Address> =>
  addressSchema.parse(await contract.getAddress());
