import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ChainState } from "../contract/chain-adapter.ts";
import { blockSchema } from "./chain-answers.ts";
import type { EvmChain } from "./evm-chain.ts";
import { checkFinality } from "./probe-finality.ts";
import { quantity, type EvmRpc, type RpcOptions } from "./evm-rpc.ts";

/**
 * Asks a chain who it is, and for the tag that its finality waits for. Throws `CHAIN_UNREACHABLE`, `CHAIN_REFUSED`,
 * `CHAIN_MISMATCH`, `CHAIN_FINALITY_UNSUPPORTED`.
 */
export const probeChain = async (
  rpc: EvmRpc,
  chain: Pick<EvmChain, "name" | "chainId" | "finality">,
  options?: RpcOptions,
): Promise<ChainState> => {
  const [chainId, engine, head] = await Promise.all([
    rpc.call(quantity, "eth_chainId", [], options),
    rpc.call(z.string().max(500), "web3_clientVersion", [], options),
    rpc.call(blockSchema, "eth_getBlockByNumber", ["latest", false], options),
  ]);
  if (chainId !== BigInt(chain.chainId))
    throw fabricError("CHAIN_MISMATCH", {
      chain: chain.name,
      expected: chain.chainId,
      actual: chainId,
    });
  await checkFinality(rpc, chain, head.number, options);
  return { chainId: chainId.toString(), height: head.number, engine };
};
