import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { EvmRpc, RpcAnswer } from "../../src/adapters/evm/evm-rpc.ts";

/** What becomes of a question: `pass` asks the real node. */
export type Bend = (
  params: readonly unknown[],
  pass: () => Promise<RpcAnswer>,
) => Promise<RpcAnswer> | RpcAnswer;

/** A real node's RPC whose answers a test bends, method by method. */
export const createBentRpc = (rpc: EvmRpc) => {
  const bends = new Map<string, Bend>();
  const ask: EvmRpc["ask"] = async (method, params, options) => {
    const pass = () => rpc.ask(method, params, options);
    const bend = bends.get(method) ?? bends.get("*");
    return bend ? await bend(params, pass) : await pass();
  };
  const bent: EvmRpc = {
    ask,
    call: async (schema, method, params, options) => {
      const answer = await ask(method, params, options);
      if (!answer.ok)
        throw fabricError("CHAIN_REFUSED", {
          chain: "local",
          method,
          reason: answer.fault.message,
        });
      return schema.parse(answer.result);
    },
  };
  return {
    rpc: bent,
    /** From now on; null asks the node again. `*` is every method without a bend of its own. */
    bend: (method: string, how: Bend | null): void => {
      if (how) bends.set(method, how);
      else bends.delete(method);
    },
  };
};

/** An answer that no node gave. */
export const said = (result: unknown): RpcAnswer => ({ ok: true, result });

/** A refusal that no node gave. */
export const refused = (message: string): RpcAnswer => ({
  ok: false,
  fault: { code: -32_000, message, data: null },
});
