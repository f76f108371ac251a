import { systemClock, type Clock } from "../../../core/clock.ts";
import type { ChainName } from "../../../core/ids.ts";
import { createCall, createEvmRpc, type EvmRpc, type RpcOptions } from "../evm-rpc.ts";
import { askAgain } from "./ask-again.ts";
import { askQuorum } from "./ask-quorum.ts";
import { broadcast } from "./broadcast.ts";
import { createEndpoint } from "./endpoint.ts";
import { createEndpointGroup, noteHeights, refreshEndpoint } from "./endpoint-group.ts";
import type { PoolReport } from "./endpoint-report.ts";
import { questionKind } from "./question-kinds.ts";

/** Several endpoints of one chain behind the port of one. */
export interface EvmPool extends EvmRpc {
  /** How each endpoint has done so far; asks nobody. */
  report(): PoolReport;
  /** Asks each endpoint for its newest block first. */
  refresh(options?: RpcOptions): Promise<PoolReport>;
}

const TIMEOUT_MS = 15_000;
const HEDGE_MS = 1_500;
const MAX_LAG_BLOCKS = 8;

/**
 * Endpoints that fail, lag, lie or contradict each other behind `ask` and `call`. What decides is asked of a quorum and
 * compared as parsed; prices and counts are what a quorum says at least; transactions go to everybody. An endpoint that
 * fails rests for a growing time; one that the others contradict must agree with them again before it counts. With one
 * endpoint it adds its report, and asks again.
 *
 * Besides what the port throws: `CHAIN_UNREACHABLE` when fewer than a quorum answer, `CHAIN_ENDPOINTS_DISAGREE` when a
 * quorum answers and does not agree, `CHAIN_MISMATCH` when endpoints of another chain are the reason.
 * @example
 * ```ts
 * const endpoints = [{ name: "a", url }, { name: "b", url: other }];
 * const rpc = createEvmPool({ name, chainId: 1, endpoints, quorum: 2 });
 * await rpc.call(receiptSchema.nullable(), "eth_getTransactionReceipt", [hash]);
 * ```
 */
export const createEvmPool = (parts: {
  readonly name: ChainName;
  readonly chainId: number;
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
  /** How many must agree. */
  readonly quorum: number;
  /** An endpoint that is further behind is asked last. Default 8. */
  readonly maxLagBlocks?: number;
  /** Longest wait for one answer, ms; default 15,000. */
  readonly timeoutMs?: number;
  /** Silence after which another endpoint is asked too, ms; default 1,500. */
  readonly hedgeMs?: number;
  readonly clock?: Clock;
}): EvmPool => {
  const { name, quorum, timeoutMs = TIMEOUT_MS, clock = systemClock } = parts;
  const isAlone = parts.endpoints.length === 1;
  const endpoints = parts.endpoints.map((one) =>
    createEndpoint({
      name: one.name,
      rpc: createEvmRpc({ name, url: one.url, timeoutMs }),
      clock,
      chain: name,
      // Of a single one the adapter's own probe says it.
      chainId: isAlone ? null : parts.chainId,
      maxLagBlocks: parts.maxLagBlocks ?? MAX_LAG_BLOCKS,
    }),
  );
  const [alone] = endpoints;
  const askAlone = alone && askAgain(alone.ask, clock, timeoutMs);
  const hedgeMs = parts.hedgeMs ?? HEDGE_MS;
  const group = createEndpointGroup({ name, endpoints, quorum, hedgeMs, clock });

  const ask: EvmRpc["ask"] = async (method, params, options = {}) => {
    if (isAlone && alone && askAlone) {
      const answer = await askAlone(method, params, options);
      if (params[0] === "latest" || method === "eth_blockNumber")
        noteHeights({ votes: [{ endpoint: alone, answer, key: "" }] });
      return answer;
    }
    const kind = questionKind(method, params);
    if (kind.kind === "broadcast")
      return await broadcast({ chain: name, endpoints, method, params, signal: options.signal });
    return await askQuorum(group, { method, params, options }, kind);
  };

  return {
    ask,
    call: createCall(name, ask),
    report: () => group.report(),
    refresh: async (options = {}) => {
      await Promise.all(endpoints.map((endpoint) => refreshEndpoint(endpoint, options)));
      options.signal?.throwIfAborted();
      return group.report();
    },
  };
};
