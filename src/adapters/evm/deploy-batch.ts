import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address, type FeedHash } from "../../core/ids.ts";
import { batchRegistryAbi } from "./batch-abi.ts";
import {
  deployContract,
  toSignersTuple,
  type Deployment,
  type SignersRegistration,
} from "./deploy.ts";
import type { BatchForm } from "./encode-batch.ts";
import type { EvmAccount } from "./evm-account.ts";
import { keysAbi } from "./feed-abi.ts";

interface Options {
  readonly signal?: AbortSignal;
}

/** Where the shared contracts of batches are on one chain. */
export interface BatchDeployment {
  readonly logic: Address;
  readonly registry: Address;
}

/** Forms in the order of the contracts' enumeration. */
export const batchForms = ["stored", "packed", "root"] as const satisfies readonly BatchForm[];

/** A batch as it is registered. */
export interface BatchRegistration extends SignersRegistration {
  readonly batchHash: FeedHash;
  /** In the order that the hash was made of. */
  readonly members: readonly FeedHash[];
  /** What the contract keeps, for ever. */
  readonly form: BatchForm;
  /** Older batches that proofs may be about; 0 keeps the newest only. */
  readonly ringSize: number;
  /** Seconds that share one place among them: the batch's interval. */
  readonly ringSpacing: number;
  /** For people. */
  readonly description: string;
}

/**
 * Deploys the rules and the registry of batches beside the key registry of `contracts`; the account becomes their
 * administrator. Throws `ARTIFACT_MISSING`, `DEPLOYMENT_FAILED`.
 * @example
 * ```ts
 * const batches = await deployBatchContracts(account, contracts);
 * const address = await registerBatch(account, batches.registry, batch);
 * ```
 */
export const deployBatchContracts = async (
  account: EvmAccount,
  { keys }: Pick<Deployment, "keys">,
  options?: Options,
): Promise<BatchDeployment> => {
  const logic = await deployContract(account, "BatchLogic", [], [], options);
  const registry = await deployContract(
    account,
    "BatchRegistry",
    ["address", "address", "address"],
    [account.signer.address, keys, logic],
    options,
  );
  const role = await account.read(keys, keysAbi.encodeFunctionData("FEED_ROLE"));
  const grant = keysAbi.encodeFunctionData("grantRole", [role, registry]);
  await account.send("the batch registry's role", { to: keys, data: grant }, options);
  return { logic, registry };
};

const readAddress = (what: string, answer: string): Address => {
  const parsed = addressSchema.safeParse(`0x${answer.slice(26)}`);
  if (!parsed.success || /^0x0{40}$/.test(parsed.data))
    throw fabricError("DEPLOYMENT_FAILED", { what, reason: "it has no address" });
  return parsed.data;
};

/** Registers a batch and gives its own address: the one that bindings and readers use. Throws `DEPLOYMENT_FAILED`. */
export const registerBatch = async (
  account: EvmAccount,
  registry: Address,
  batch: BatchRegistration,
  options?: Options,
): Promise<Address> => {
  const { batchHash, members, ringSize, ringSpacing, description } = batch;
  const data = batchRegistryAbi.encodeFunctionData("createBatch", [
    batchHash,
    members,
    toSignersTuple(batch),
    batchForms.indexOf(batch.form),
    ringSize,
    ringSpacing,
    description,
  ]);
  const what = `batch ${description}`;
  await account.send(what, { to: registry, data }, options);
  const call = batchRegistryAbi.encodeFunctionData("batchOf", [batchHash]);
  return readAddress(what, await account.read(registry, call));
};

/** Gives a member of a batch in the form `stored` an address of its own for Chainlink's readers. Throws `DEPLOYMENT_FAILED`. */
export const registerBatchFeed = async (
  account: EvmAccount,
  registry: Address,
  feed: {
    readonly batch: Address;
    readonly batchHash: FeedHash;
    readonly place: number;
    readonly decimals: number;
    readonly description: string;
  },
  options?: Options,
): Promise<Address> => {
  const { batch, batchHash, place, decimals, description } = feed;
  const what = `feed ${description}`;
  const data = batchRegistryAbi.encodeFunctionData("createFeed", [
    batchHash,
    place,
    decimals,
    description,
  ]);
  await account.send(what, { to: registry, data }, options);
  const call = batchRegistryAbi.encodeFunctionData("feedOf", [batch, place]);
  return readAddress(what, await account.read(registry, call));
};
