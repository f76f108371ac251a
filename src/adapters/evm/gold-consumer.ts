import { Interface } from "ethers";
import { z } from "zod";
import type { Address } from "../../core/ids.ts";
import { deployContract } from "./deploy.ts";
import type { EvmAccount } from "./evm-account.ts";

const consumerAbi = new Interface([
  "function goldPrice() view returns (int256 price, uint8 decimals)",
]);
const answerSchema = z.tuple([z.bigint(), z.bigint().transform(Number)]);

/** Deploys `contracts/examples/GoldConsumer.sol`, written for Chainlink's interface. `maxAgeSeconds` is its own rule. */
export const deployConsumer = async (
  account: EvmAccount,
  { feed, maxAgeSeconds }: { readonly feed: Address; readonly maxAgeSeconds: number },
  options?: { signal?: AbortSignal },
): Promise<Address> =>
  await deployContract(
    account,
    "GoldConsumer",
    ["address", "uint256"],
    [feed, maxAgeSeconds],
    options,
  );

/** The price that the consumer reads through the feed, integer in the feed's decimals. Throws `ONCHAIN_REFUSED`. */
export const readConsumer = async (
  account: EvmAccount,
  consumer: Address,
): Promise<{ readonly price: bigint; readonly decimals: number }> => {
  const data = await account.read(consumer, consumerAbi.encodeFunctionData("goldPrice"));
  const [price, decimals] = answerSchema.parse(
    consumerAbi.decodeFunctionResult("goldPrice", data).toArray(),
  );
  return { price, decimals };
};
