import { Interface } from "ethers";

import { registerFeed, toSignersTuple, type Deployment } from "../../adapters/evm/deploy.ts";
import type { EvmAccount } from "../../adapters/evm/evm-account.ts";
import { registryAbi } from "../../adapters/evm/feed-abi.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address, type FeedHash } from "../../core/ids.ts";
import { attestSigner, toBytes32, type SignerAttestation } from "./attest-signer.ts";

/** A feed and the one SIMULATED key that may sign it, as verifiers put them on a chain. */
export interface FeedAdmission extends SignerAttestation {
  readonly hash: FeedHash;
  readonly decimals: number;
  /** For people, for example `XAU / USD`. */
  readonly description: string;
  /** Older rounds that stay readable. */
  readonly ringSize: number;
}

const ZERO = `0x${"0".repeat(40)}`;
const keysOfRegistry = new Interface(["function keys() view returns (address)"]);

/** The key registry that a feed registry goes by. Throws `DEPLOYMENT_FAILED` where no feed registry is. */
export const findKeys = async (account: EvmAccount, registry: Address): Promise<Address> => {
  try {
    const answer = await account.read(registry, keysOfRegistry.encodeFunctionData("keys"));
    return addressSchema.parse(keysOfRegistry.decodeFunctionResult("keys", answer).toArray()[0]);
  } catch (error) {
    if (isFabricError(error) && error.kind === "unavailable") throw error;
    const reason = `there is no feed registry at ${registry}`;
    throw fabricError("DEPLOYMENT_FAILED", { what: "the feed", reason }, { cause: error });
  }
};

const findFeed = async (
  account: EvmAccount,
  registry: Address,
  hash: FeedHash,
): Promise<Address | null> => {
  const answer = await account.read(registry, registryAbi.encodeFunctionData("feedOf", [hash]));
  const [found] = registryAbi.decodeFunctionResult("feedOf", answer).toArray();
  const address = addressSchema.parse(found);
  return address === ZERO ? null : address;
};

/**
 * Attest the signer, or renew it, and register the feed with it as the only one that may sign. A feed that is there
 * keeps its address and its rounds, and takes the new workload and signer. The account is verifier and administrator.
 * Throws `DEPLOYMENT_FAILED`.
 */
export const admitFeed = async (
  account: EvmAccount,
  { keys, registry }: Pick<Deployment, "keys" | "registry">,
  feed: FeedAdmission,
  options: { readonly signal: AbortSignal },
): Promise<{ readonly feedStore: Address; readonly created: boolean }> => {
  const workload = toBytes32(feed.workload);
  await attestSigner(account, keys, feed, options);
  const found = await findFeed(account, registry, feed.hash);
  if (found !== null) {
    const signers = toSignersTuple({ workload, threshold: 1, signers: [feed.signer] });
    const data = registryAbi.encodeFunctionData("setSigners", [feed.hash, signers]);
    await account.send(`signers of ${feed.description}`, { to: registry, data }, options);
    return { feedStore: found, created: false };
  }
  const { hash, decimals, description, ringSize } = feed;
  const feedStore = await registerFeed(
    account,
    registry,
    {
      feedHash: hash,
      workload,
      signers: [feed.signer],
      threshold: 1,
      ringSize,
      decimals,
      description,
    },
    options,
  );
  return { feedStore, created: true };
};
