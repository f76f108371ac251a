import { Interface } from "ethers";

import { registerFeed, type Deployment } from "../../adapters/evm/deploy.ts";
import type { EvmAccount } from "../../adapters/evm/evm-account.ts";
import { registryAbi } from "../../adapters/evm/feed-abi.ts";
import { registerKey } from "../../adapters/evm/register-key.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import {
  addressSchema,
  digestHex,
  type Address,
  type Digest,
  type FeedHash,
} from "../../core/ids.ts";

/** A feed and the one SIMULATED key that may sign it, as verifiers put them on a chain. */
export interface FeedAdmission {
  readonly hash: FeedHash;
  /** Measurement that the key is attested for. */
  readonly workload: Digest;
  readonly signer: Address;
  /** What the key was appraised by. */
  readonly evidenceId: Digest;
  readonly policyDigest: Digest;
  /** Last second of the key's attestation. */
  readonly notAfter: number;
  readonly decimals: number;
  /** For people, for example `XAU / USD`. */
  readonly description: string;
  /** Older rounds that stay readable. */
  readonly ringSize: number;
}

const ZERO = `0x${"0".repeat(40)}`;
const keysOfRegistry = new Interface(["function keys() view returns (address)"]);

const toBytes32 = (digest: Digest): string => `0x${digestHex(digest)}`;

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
  const attestation = {
    key: feed.signer,
    workload,
    tee: "simulator",
    hardware: false,
    svn: 1,
    notAfter: feed.notAfter,
    evidenceId: toBytes32(feed.evidenceId),
    policyDigest: toBytes32(feed.policyDigest),
  } as const;
  await registerKey(account, keys, attestation, [account.signer], options);
  const found = await findFeed(account, registry, feed.hash);
  if (found !== null) {
    const signers = { workload, threshold: 1, requireHardware: false, admitted: [feed.signer] };
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
