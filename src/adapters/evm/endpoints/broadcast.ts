import { fabricError } from "../../../core/errors/fabric-error.ts";
import { withinSignal } from "../../../core/within-signal.ts";
import type { RpcAnswer } from "../evm-rpc.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Gives a transaction to every endpoint, on probation too: it can only help. Resolves with the first that takes it,
 * while the rest go on by themselves; with a refusal when nobody does. Throws `CHAIN_UNREACHABLE` when nobody answers.
 */
export const broadcast = async (parts: {
  readonly chain: string;
  readonly endpoints: readonly Endpoint[];
  readonly method: string;
  readonly params: readonly unknown[];
  readonly signal: AbortSignal | undefined;
}): Promise<RpcAnswer> => {
  const { chain, method, params, signal } = parts;
  signal?.throwIfAborted();
  const ready = parts.endpoints.filter((one) => one.state(null) !== "quarantined");
  const chosen = ready.length > 0 ? ready : parts.endpoints;
  const refusals: RpcAnswer[] = [];
  // No signal: an endpoint that is slow gets it all the same, within its own time limit.
  const sent = chosen.map(async (endpoint) => {
    const answer = await endpoint.ask(method, params);
    if (answer.ok) return answer;
    refusals.push(answer);
    throw new Error("refused");
  });
  try {
    return await withinSignal(Promise.any(sent), signal);
  } catch (error) {
    signal?.throwIfAborted();
    const [refusal] = refusals;
    if (refusal) return refusal;
    const reason = `none of ${chosen.length} endpoints took a transaction`;
    throw fabricError("CHAIN_UNREACHABLE", { chain, reason }, { cause: error });
  }
};
