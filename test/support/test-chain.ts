import { chainNameSchema } from "../../src/core/ids.ts";
import { createEvmRpc, type EvmRpc } from "../../src/adapters/evm/evm-rpc.ts";
import type { Anvil } from "../../src/cli/anvil.ts";

/** Accounts that anvil funds at start: the first three of its well-known mnemonic. */
export const ANVIL_SECRETS = [
  "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
] as const;

/** A real chain with its JSON-RPC. */
export interface TestChain extends Anvil {
  readonly rpc: EvmRpc;
  /** One of anvil's own methods. */
  ask(method: string, ...params: readonly unknown[]): Promise<unknown>;
}

/** Adds JSON-RPC to a running anvil. */
export const connectTestChain = (anvil: Anvil): TestChain => {
  const rpc = createEvmRpc({ name: chainNameSchema.parse("local"), url: anvil.url });
  return {
    ...anvil,
    rpc,
    ask: async (method, ...params) => {
      const answer = await rpc.ask(method, params);
      if (!answer.ok) throw new Error(`${method}: ${answer.fault.message}`);
      return answer.result;
    },
  };
};
