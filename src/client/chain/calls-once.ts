import * as z from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ChainCall, ChainPort, Hex } from "./chain-port.ts";
import { selectorOf } from "./selectors.ts";
import { UPDATE_CALLS_ONCE } from "./update-calls-once.ts";

const CALLS = "(address,bool,uint256,bytes)[]";
const RESULTS = "(bool,bytes)[]";
const AGGREGATE = "aggregate3Value((address,bool,uint256,bytes)[])";
const resultsSchema = z.array(z.tuple([z.boolean(), z.string().transform((text) => text as Hex)]));

const sumOf = (calls: readonly ChainCall[]): bigint =>
  calls.reduce((sum, { value }) => sum + value, 0n);
const encodeCalls = (port: ChainPort, calls: readonly ChainCall[], mayFail: boolean): Hex =>
  port.encode([CALLS], [calls.map(({ to, value, data }) => [to, mayFail, value, data])]);

/** One transaction that makes all calls, or none, through a contract with Multicall3's `aggregate3Value`. */
export const toOneCall = (
  port: ChainPort,
  calls: readonly ChainCall[],
  multicall: Hex,
): ChainCall => ({
  to: multicall,
  data: `${selectorOf(AGGREGATE)}${encodeCalls(port, calls, false).slice(2)}` as Hex,
  value: sumOf(calls),
  from: calls[0]?.from ?? null,
});

/** What becomes of one call after the others. */
export interface CallResult {
  readonly ok: boolean;
  /** What it returned, or its error. */
  readonly data: Hex;
}

/**
 * Ask what becomes of calls one behind the other, without sending any: through `multicall` where there is one, else
 * through a contract that lives for this question alone. Throws what the node's refusal of the whole is.
 */
export const tryCalls = async (
  port: ChainPort,
  calls: readonly ChainCall[],
  multicall: Hex | null,
): Promise<readonly CallResult[]> => {
  const value = sumOf(calls);
  const from = calls[0]?.from ?? null;
  const list = encodeCalls(port, calls, true).slice(2);
  const outcome = await port.call(
    multicall === null
      ? { to: null, data: `${UPDATE_CALLS_ONCE}${list}` as Hex, value, from }
      : { to: multicall, data: `${selectorOf(AGGREGATE)}${list}` as Hex, value, from },
  );
  if (!outcome.ok) throw outcome.error;
  let results: z.output<typeof resultsSchema>;
  try {
    // Libraries give tuples that are more than arrays.
    const [decoded] = port.decode([RESULTS], outcome.data);
    const rows = z.array(z.unknown()).parse(decoded);
    results = resultsSchema.parse(rows.map((row) => Array.from(z.any().array().parse(row))));
  } catch (error) {
    const reason = "the answer is not that of aggregate3Value";
    throw fabricError("CHAIN_ANSWER_MALFORMED", { reason }, { cause: error });
  }
  return results.map(([ok, data]) => ({ ok, data }));
};
