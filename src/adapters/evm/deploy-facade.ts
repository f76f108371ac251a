import { encodeBytes32String, Interface, toUtf8Bytes } from "ethers";
import { z } from "zod";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, feedHashSchema, type Address, type FeedHash } from "../../core/ids.ts";
import { deployContract } from "./deploy.ts";
import type { EvmAccount } from "./evm-account.ts";
import { pythAbi } from "./facade-abi.ts";
import { facadeContracts } from "./facade-kinds.ts";

/** An id that Pyth's consumers have built in, and the feed that it stands for. */
export interface PriceId {
  /** 32 bytes, `0x` hex. */
  readonly priceId: string;
  readonly feedHash: FeedHash;
}

/** What a facade of each kind is made of. */
export type FacadePlan =
  | {
      readonly kind: "pyth";
      readonly registry: Address;
      /** Age that Pyth's deprecated `getPrice` accepts, s; default 60. */
      readonly validTimePeriod?: number;
      /** Default: none, and the price id is the feed's hash. */
      readonly priceIds?: readonly PriceId[];
      /** Feeds whose constants the facade keeps, so that reads cost less. */
      readonly remember?: readonly FeedHash[];
    }
  | { readonly kind: "api3"; readonly feed: Address }
  | {
      readonly kind: "chronicle";
      readonly feed: Address;
      /** Name of the feed, at most 31 bytes, for example `XAU/USD`. */
      readonly wat: string;
    }
  | {
      readonly kind: "forwarder";
      readonly registry: Address;
      /** Gas that every receiver gets, 20,000 to 10,000,000; default 400,000. */
      readonly gasLimit?: number;
      /** Also call receivers that do not say through ERC-165 that they are one, as Keystone's first did not. */
      readonly allowWithoutErc165?: boolean;
      readonly remember?: readonly FeedHash[];
    };

/** What a facade needs to know about the feed at an address. */
export interface FeedFacts {
  /** Null for a member of a batch: no registry of feeds knows it. */
  readonly registry: Address | null;
  readonly feedHash: FeedHash;
  readonly description: string;
  readonly decimals: number;
}

interface Options {
  readonly signal?: AbortSignal;
}

const VALID_TIME_PERIOD_S = 60;
const RECEIVER_GAS = 400_000;
const WAT_BYTES = 31;

const factsAbi = new Interface([
  "function registry() view returns (address)",
  "function feedHash() view returns (bytes32)",
  "function description() view returns (string)",
  "function decimals() view returns (uint8)",
]);
const factsSchema = z.strictObject({
  registry: addressSchema.nullable(),
  feedHash: feedHashSchema,
  description: z.string().max(1_024),
  decimals: z.bigint().transform(Number),
});

/** Asks a feed who it is. Throws `DEPLOYMENT_FAILED` where no feed of this product is. */
export const readFeedFacts = async (account: EvmAccount, feed: Address): Promise<FeedFacts> => {
  const ask = async (name: string): Promise<unknown> => {
    const answer = await account.read(feed, factsAbi.encodeFunctionData(name));
    return factsAbi.decodeFunctionResult(name, answer).toArray()[0];
  };
  const askOrNull = async (name: string): Promise<unknown> => {
    try {
      return await ask(name);
    } catch (error) {
      if (isFabricError(error) && error.kind === "unavailable") throw error;
      return null;
    }
  };
  try {
    const [registry, feedHash, description, decimals] = await Promise.all([
      askOrNull("registry"),
      ...["feedHash", "description", "decimals"].map(ask),
    ]);
    return factsSchema.parse({ registry, feedHash, description, decimals });
  } catch (error) {
    if (isFabricError(error) && error.kind === "unavailable") throw error;
    const reason = `there is no feed at ${feed}`;
    throw fabricError("DEPLOYMENT_FAILED", { what: "the facade", reason }, { cause: error });
  }
};

/** Text as Chronicle names feeds. Throws `DEPLOYMENT_FAILED` when it is too long. */
const encodeWat = (wat: string): string => {
  if (toUtf8Bytes(wat).length <= WAT_BYTES) return encodeBytes32String(wat);
  const reason = `its name has more than ${WAT_BYTES} bytes`;
  throw fabricError("DEPLOYMENT_FAILED", { what: "the facade", reason });
};

const argumentsOf = (
  plan: FacadePlan,
): { readonly types: readonly string[]; readonly values: readonly unknown[] } => {
  switch (plan.kind) {
    case "pyth": {
      const ids = plan.priceIds ?? [];
      return {
        types: ["address", "uint256", "bytes32[]", "bytes32[]"],
        values: [
          plan.registry,
          plan.validTimePeriod ?? VALID_TIME_PERIOD_S,
          ids.map(({ priceId }) => priceId),
          ids.map(({ feedHash }) => feedHash),
        ],
      };
    }
    case "api3":
      return { types: ["address"], values: [plan.feed] };
    case "chronicle":
      return { types: ["address", "bytes32"], values: [plan.feed, encodeWat(plan.wat)] };
    case "forwarder":
      return {
        types: ["address", "uint256", "bool"],
        values: [plan.registry, plan.gasLimit ?? RECEIVER_GAS, plan.allowWithoutErc165 !== true],
      };
  }
};

/**
 * Deploys a facade: the one address that a consumer written for the peer changes. Nobody administers it.
 * Throws `ARTIFACT_MISSING`, `DEPLOYMENT_FAILED`.
 * @example
 * ```ts
 * const proxy = await deployFacade(account, { kind: "api3", feed });
 * ```
 */
export const deployFacade = async (
  account: EvmAccount,
  plan: FacadePlan,
  options?: Options,
): Promise<Address> => {
  const { types, values } = argumentsOf(plan);
  const facade = await deployContract(account, facadeContracts[plan.kind], types, values, options);
  for (const feedHash of "remember" in plan ? (plan.remember ?? []) : [])
    await account.send(
      `feed ${feedHash} of the facade`,
      { to: facade, data: pythAbi.encodeFunctionData("remember", [feedHash]) },
      options,
    );
  return facade;
};
