import { AbiCoder, concat } from "ethers";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address, type FeedHash } from "../../core/ids.ts";
import { readArtifact } from "./contract-artifact.ts";
import type { EvmAccount } from "./evm-account.ts";
import { keysAbi, registryAbi } from "./feed-abi.ts";

/** Where the shared contracts of a fabric are on one chain. */
export interface Deployment {
  readonly chainId: number;
  readonly keys: Address;
  readonly logic: Address;
  readonly registry: Address;
}

interface Options {
  readonly signal?: AbortSignal;
}

/** Deploys one contract of `contracts/`. Throws `ARTIFACT_MISSING`, `DEPLOYMENT_FAILED`. */
export const deployContract = async (
  account: EvmAccount,
  name: string,
  types: readonly string[] = [],
  values: readonly unknown[] = [],
  options?: Options,
): Promise<Address> => {
  const { bytecode } = await readArtifact(name);
  const data = concat([bytecode, AbiCoder.defaultAbiCoder().encode(types, values)]);
  const receipt = await account.send(name, { to: null, data }, options);
  return addressSchema.parse(receipt.contractAddress);
};

/**
 * Deploys key registry, feed rules and feed registry; the account becomes their administrator.
 * @example
 * ```ts
 * const account = createEvmAccount({ rpcUrl, signer: createTransactionSigner(secret) });
 * const contracts = await deployContracts(account, { verifiers: [verifier], threshold: 1 });
 * ```
 */
export const deployContracts = async (
  account: EvmAccount,
  options: {
    /** Addresses that sign attestation results. */
    readonly verifiers: readonly Address[];
    /** How many of them must agree. */
    readonly threshold: number;
  } & Options,
): Promise<Deployment> => {
  const admin = account.signer.address;
  const keys = await deployContract(
    account,
    "CryptletKeys",
    ["address", "address[]", "uint256"],
    [admin, options.verifiers, options.threshold],
    options,
  );
  const logic = await deployContract(account, "FeedLogic", [], [], options);
  const registry = await deployContract(
    account,
    "FeedRegistry",
    ["address", "address", "address"],
    [admin, keys, logic],
    options,
  );
  const role = await account.read(keys, keysAbi.encodeFunctionData("FEED_ROLE"));
  const grant = keysAbi.encodeFunctionData("grantRole", [role, registry]);
  await account.send("the registry's role", { to: keys, data: grant }, options);
  return { chainId: await account.chainId(), keys, logic, registry };
};

/** Who may sign for a contract, as it is registered. */
export interface SignersRegistration {
  /** Measurement that every signing key is attested for: 32 bytes, `0x` hex. */
  readonly workload: string;
  /** Keys that may sign, in any order. */
  readonly signers: readonly Address[];
  /** Signatures that a message needs. */
  readonly threshold: number;
  /** Refuse simulated keys; default false. */
  readonly requireHardware?: boolean;
}

/** A feed as it is registered. */
export interface FeedRegistration extends SignersRegistration {
  readonly feedHash: FeedHash;
  /** Older rounds that stay readable; 0 keeps the latest only. */
  readonly ringSize: number;
  readonly decimals: number;
  /** For people, for example `XAU / USD`. */
  readonly description: string;
}

const byValue = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The tuple `Signers` of the registries, which refuse keys that do not ascend. */
export const toSignersTuple = (registration: SignersRegistration) => ({
  workload: registration.workload,
  threshold: registration.threshold,
  requireHardware: registration.requireHardware ?? false,
  admitted: registration.signers.toSorted(byValue),
});

/** Registers a feed and gives its own address: the one that consumers and bindings use. Throws `DEPLOYMENT_FAILED`. */
export const registerFeed = async (
  account: EvmAccount,
  registry: Address,
  feed: FeedRegistration,
  options?: Options,
): Promise<Address> => {
  const { feedHash, ringSize, decimals, description } = feed;
  const data = registryAbi.encodeFunctionData("createFeed", [
    feedHash,
    toSignersTuple(feed),
    ringSize,
    decimals,
    description,
  ]);
  const what = `feed ${description}`;
  await account.send(what, { to: registry, data }, options);
  const answer = await account.read(registry, registryAbi.encodeFunctionData("feedOf", [feedHash]));
  const [address] = registryAbi.decodeFunctionResult("feedOf", answer).toArray();
  const parsed = addressSchema.safeParse(address);
  if (!parsed.success)
    throw fabricError("DEPLOYMENT_FAILED", { what, reason: "it has no address" });
  return parsed.data;
};
