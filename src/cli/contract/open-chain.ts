import { createEvmAccount, type EvmAccount } from "../../adapters/evm/evm-account.ts";
import { createTransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, type Address } from "../../core/ids.ts";
import { feePolicy } from "../../host/fee-policy.ts";
import { openPool } from "../../host/open-pool.ts";
import { openSigner } from "../../host/open-signer.ts";
import { readInput } from "../read-input.ts";

/** `0x`, 64 hex characters and a line's end, with room for a comment's worth of blanks. */
const MAX_KEY_BYTES = 256;

const refuse = (fault: string) => fabricError("USAGE_INVALID", { fault });

/** The configured chain of this name, or the only one. Throws `USAGE_INVALID`. */
export const pickChain = (
  config: FabricConfig,
  name: string | undefined,
): FabricConfig["chains"][number] => {
  const names = config.chains.map((chain) => chain.name).join(", ");
  const [only, ...others] = config.chains;
  if (only === undefined) throw refuse("the configuration has no chain: add one to chains");
  if (name === undefined && others.length > 0) throw refuse(`name one of ${names} with --chain`);
  const found = name === undefined ? only : config.chains.find((chain) => chain.name === name);
  if (found === undefined) throw refuse(`the configuration has no chain ${name}, it has ${names}`);
  return found;
};

/** What `--registry` names; null where it is not given. Throws `USAGE_INVALID`. */
export const readRegistry = (given: string | undefined): Address | null => {
  if (given === undefined) return null;
  const parsed = addressSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw refuse("--registry must be 0x and 40 hex characters");
};

/** The chain's account, or the one of a key file, after the chain said that it is the right one. Throws `CHAIN_MISMATCH`. */
export const openAccount = async (
  chain: FabricConfig["chains"][number],
  adminKey: string | undefined,
  signal: AbortSignal,
): Promise<EvmAccount> => {
  const signer =
    adminKey === undefined
      ? await openSigner(chain)
      : createTransactionSigner(
          (await readInput(adminKey, { limit: MAX_KEY_BYTES, signal })).toString("utf8").trim(),
        );
  const account = createEvmAccount({
    rpc: openPool(chain),
    rpcUrl: chain.endpoints[0]?.url.reveal() ?? "",
    signer,
    fees: feePolicy(chain.fees),
  });
  const actual = await account.chainId();
  if (actual !== chain.chainId)
    throw fabricError("CHAIN_MISMATCH", { chain: chain.name, actual, expected: chain.chainId });
  return account;
};
