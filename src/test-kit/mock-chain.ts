import { Interface } from "ethers/abi";
import type { ChainAnswer, ChainLog, ChainQuery, ChainResult } from "../sdk/abi.ts";
import type { RecordedChain, RecordedFault } from "./recorded.ts";
import type { AskedChain } from "./source-answers.ts";

/** A contract of a test: what its functions give, and what it has logged. */
export interface MockContract {
  /** Fits the manifest's form: `0x` and 40 lower-case hex digits. */
  readonly address: string;
  /** Human-readable ABI (ethers), for example `function state() view returns (uint8)`. */
  readonly abi: readonly string[];
  /**
   * By function: the value that it returns, a list where it returns several, a function of its arguments, or
   * `revertWith`. Whole numbers as bigint.
   */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly events?: readonly MockEvent[];
}

/** One event of a mocked contract. */
export interface MockEvent {
  readonly event: string;
  readonly arguments: readonly unknown[];
  /** Number of its block; the mock's own block when left out. */
  readonly block?: number;
}

/** A chain of a test at one block. */
export interface MockChain extends Partial<Pick<ChainAnswer, "chainId" | "block" | "quorum">> {
  readonly contracts: readonly MockContract[];
}

/** Chains of a test that remember what was read. */
export interface ChainMock {
  readonly reads: readonly AskedChain[];
  /** For the kit: null for a chain that the mock does not have. */
  answer(read: AskedChain): RecordedChain | null;
}

/** @see revertWith */
class Revert {
  readonly data: string;
  constructor(data: string) {
    this.data = data;
  }
}

/** Makes a mocked function revert with these bytes, `0x` when left out. To the Cryptlet a revert is an answer. */
export const revertWith = (data = "0x"): unknown => new Revert(data);

const BLOCK = 1;

const answerCall = (
  { abi, answers = {} }: MockContract,
  query: Extract<ChainQuery, { kind: "call" }>,
): ChainResult => {
  const codec = new Interface(abi);
  const call = codec.parseTransaction({ data: query.data });
  // A contract without the function has a fallback at best; an empty answer is what most give.
  if (!call) return { kind: "call", ok: false, data: "0x" };
  const found = Object.hasOwn(answers, call.name) ? answers[call.name] : new Revert("0x");
  const value =
    typeof found === "function"
      ? (found as (...values: unknown[]) => unknown)(...call.args.toArray())
      : found;
  if (value instanceof Revert) return { kind: "call", ok: false, data: value.data };
  const values = call.fragment.outputs.length === 1 && !Array.isArray(value) ? [value] : value;
  return {
    kind: "call",
    ok: true,
    data: codec.encodeFunctionResult(call.fragment, values as unknown[]),
  };
};

const answerLogs = (
  { abi, events = [] }: MockContract,
  query: Extract<ChainQuery, { kind: "logs" }>,
  block: number,
): ChainResult => {
  const codec = new Interface(abi);
  const logs = events.map(({ event, arguments: values, block: at = block }, index): ChainLog => {
    const { data, topics } = codec.encodeEventLog(event, [...values]);
    return { block: at, index, topics, data };
  });
  const fits = (log: ChainLog): boolean =>
    log.block > block - query.blocks &&
    log.block <= block &&
    query.topics.every((topic, at) => topic === null || log.topics[at] === topic);
  const ordered = logs.toSorted((a, b) => a.block - b.block || a.index - b.index);
  return { kind: "logs", logs: ordered.filter(fits) };
};

/**
 * Mocks chains by their names in the manifest; values are encoded as a node would give them.
 * @example
 * ```ts
 * const chain = mockChain({
 *   local: {
 *     contracts: [
 *       {
 *         address: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
 *         abi: ["function state() view returns (uint8)", "function balanceOf(address) view returns (uint256)"],
 *         answers: { state: 1n, balanceOf: () => 5n },
 *       },
 *     ],
 *   },
 * });
 * chain.reads.length; // 0
 * ```
 */
export const mockChain = (
  chains: Readonly<Record<string, MockChain | RecordedFault>>,
): ChainMock => {
  const reads: AskedChain[] = [];
  return {
    reads,
    answer: (read) => {
      reads.push(read);
      const chain = Object.hasOwn(chains, read.chain) ? chains[read.chain] : undefined;
      if (!chain) return null;
      if ("error" in chain) return chain;
      const { contracts, ...rest } = chain;
      const number = rest.block?.number ?? BLOCK;
      const results = read.queries.map((query): ChainResult => {
        const contract = contracts.find(({ address }) => address === query.contract);
        // Where no contract is, a call succeeds and gives nothing.
        if (!contract)
          return query.kind === "call"
            ? { kind: "call", ok: true, data: "0x" }
            : { kind: "logs", logs: [] };
        return query.kind === "call"
          ? answerCall(contract, query)
          : answerLogs(contract, query, number);
      });
      return { ...rest, results };
    },
  };
};
