import type { EvmRpc } from "../../src/adapters/evm/evm-rpc.ts";

/** Passes everything on and counts it by method. */
export const createCountingRpc = (
  rpc: EvmRpc,
): { readonly rpc: EvmRpc; readonly counts: Map<string, number>; readonly total: () => number } => {
  const counts = new Map<string, number>();
  const count = (method: string): void => {
    counts.set(method, (counts.get(method) ?? 0) + 1);
  };
  return {
    counts,
    total: () => [...counts.values()].reduce((sum, each) => sum + each, 0),
    rpc: {
      ask: (method, params, options) => {
        count(method);
        return rpc.ask(method, params, options);
      },
      call: (schema, method, params, options) => {
        count(method);
        return rpc.call(schema, method, params, options);
      },
    },
  };
};
