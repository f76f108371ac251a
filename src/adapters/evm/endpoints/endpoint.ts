import type { Clock } from "../../../core/clock.ts";
import type { ErrorCode } from "../../../core/errors/catalogue.ts";
import { fabricError } from "../../../core/errors/fabric-error.ts";
import { withinSignal } from "../../../core/within-signal.ts";
import { quantity, type EvmRpc, type RpcAnswer, type RpcOptions } from "../evm-rpc.ts";
import type { EndpointReport, EndpointState } from "./endpoint-report.ts";

/** First pause after a failure and after a contradiction, ms; each doubles up to the second figure. */
const FAILURE_PAUSE_MS = [500, 60_000] as const;
const LIE_PAUSE_MS = [30_000, 600_000] as const;
/** Contradictions that a reorganisation explains, before they count as a lie. */
const MAX_STRIKES = 3;
/** What one agreement takes off the strikes. */
const FORGIVENESS = 0.05;
/** Agreements before an endpoint that lied counts again. */
const PROBATION = 3;
/** A refusal that says nothing about the chain: EIP-1474, limit exceeded. */
const LIMIT_EXCEEDED = -32_005;

/** One node of a chain, and how it has done so far. */
export interface Endpoint {
  readonly name: string;
  /**
   * Asks the node, after it said once that it is of this chain. Throws `CHAIN_UNREACHABLE`, `CHAIN_MISMATCH` and the
   * signal's reason.
   */
  ask(method: string, params: readonly unknown[], options?: RpcOptions): Promise<RpcAnswer>;
  /** May it be asked now, and does its answer count? */
  state(head: number | null): EndpointState;
  /** Why it does not count; null when it does. */
  code(): ErrorCode | null;
  height(): number | null;
  sawHeight(height: number): void;
  agreed(): void;
  /** `hard`: no reorganisation explains it. */
  contradicted(kind: "soft" | "hard"): void;
  /** Its answer had no usable form. */
  garbled(): void;
  /** Others had to be asked instead: it is asked less for a while, unless it answers after all. */
  slow(): void;
  report(head: number | null): EndpointReport;
}

interface Fault {
  readonly code: ErrorCode;
  /** On the monotonic clock, ms. */
  readonly until: number;
  /** Length of this rest, ms: the next one is longer. */
  readonly pause: number;
}

/** @see Endpoint */
export const createEndpoint = (parts: {
  readonly name: string;
  readonly rpc: EvmRpc;
  readonly clock: Pick<Clock, "monotonic">;
  readonly chain: string;
  /** Null: whatever it says. */
  readonly chainId: number | null;
  readonly maxLagBlocks: number;
}): Endpoint => {
  const { name, rpc, clock } = parts;
  let fault: Fault | null = null;
  let strikes = 0;
  let liePause: number = LIE_PAUSE_MS[0];
  let probation = 0;
  let height: number | null = null;
  let verified: Promise<void> | null = null;
  const figures = { asked: 0, failed: 0, contradicted: 0, latencyMs: 0 };

  const pauseFor = (code: ErrorCode, [first, longest]: readonly [number, number]): void => {
    const now = clock.monotonic();
    // Many questions fail together; only a failure after the pause makes it longer.
    if (fault?.code === code && now < fault.until) return;
    const pause = fault?.code === code ? Math.min(longest, fault.pause * 2) : first;
    fault = { code, until: now + pause, pause };
  };
  const rest = (): void => {
    if (fault === null || fault.code === "CHAIN_UNREACHABLE")
      pauseFor("CHAIN_UNREACHABLE", FAILURE_PAUSE_MS);
  };
  const fail = (): void => {
    figures.failed += 1;
    verified = null;
    rest();
  };

  const askNode: Endpoint["ask"] = async (method, params, options) => {
    const start = clock.monotonic();
    figures.asked += 1;
    try {
      const answer = await rpc.ask(method, params, options);
      const took = clock.monotonic() - start;
      figures.latencyMs += (took - figures.latencyMs) / (figures.asked < 10 ? figures.asked : 10);
      if (!answer.ok && answer.fault.code === LIMIT_EXCEEDED)
        throw fabricError("CHAIN_UNREACHABLE", { chain: parts.chain, reason: "limit exceeded" });
      if (fault?.code === "CHAIN_UNREACHABLE") fault = null;
      return answer;
    } catch (error) {
      if (options?.signal?.aborted !== true) fail();
      throw error;
    }
  };

  /** Many questions wait for one check, so that no single one's signal ends it; the node's time limit does. */
  const verify = async (expected: number): Promise<void> => {
    const answer = await askNode("eth_chainId", []);
    const parsed = quantity.safeParse(answer.ok ? answer.result : null);
    if (!parsed.success) {
      fail();
      throw fabricError("CHAIN_UNREACHABLE", { chain: parts.chain, reason: "it has no chain id" });
    }
    if (parsed.data !== BigInt(expected)) {
      pauseFor("CHAIN_MISMATCH", LIE_PAUSE_MS);
      throw fabricError("CHAIN_MISMATCH", { chain: parts.chain, expected, actual: parsed.data });
    }
    if (fault?.code === "CHAIN_MISMATCH") fault = null;
  };
  const ensureChain = async (): Promise<void> => {
    if (parts.chainId === null) return;
    const running = (verified ??= verify(parts.chainId));
    try {
      await running;
    } catch (error) {
      if (verified === running) verified = null;
      throw error;
    }
  };

  const lagOf = (head: number | null): number =>
    head === null || height === null ? 0 : Math.max(0, head - height);
  const stateOf = (head: number | null): EndpointState => {
    if (fault !== null) {
      if (clock.monotonic() < fault.until) return "quarantined";
      if (fault.code === "CHAIN_ENDPOINTS_DISAGREE") return "probation";
    }
    return lagOf(head) > parts.maxLagBlocks ? "lagging" : "live";
  };

  return {
    name,
    ask: async (method, params, options) => {
      await withinSignal(ensureChain(), options?.signal);
      return await askNode(method, params, options);
    },
    state: stateOf,
    code: () => fault?.code ?? null,
    height: () => height,
    sawHeight: (seen) => {
      height = seen;
    },
    agreed: () => {
      strikes = Math.max(0, strikes - FORGIVENESS);
      if (fault?.code !== "CHAIN_ENDPOINTS_DISAGREE" || stateOf(null) !== "probation") return;
      probation -= 1;
      if (probation > 0) return;
      fault = null;
      strikes = 0;
    },
    contradicted: (kind) => {
      figures.contradicted += 1;
      strikes += kind === "hard" ? MAX_STRIKES : 1;
      const isOnProbation = fault?.code === "CHAIN_ENDPOINTS_DISAGREE";
      if (strikes < MAX_STRIKES && !isOnProbation) return;
      const now = clock.monotonic();
      if (fault !== null && isOnProbation && now < fault.until) return;
      fault = { code: "CHAIN_ENDPOINTS_DISAGREE", until: now + liePause, pause: liePause };
      // It stays long after it was taken back: who lies every half minute is asked ever less.
      liePause = Math.min(LIE_PAUSE_MS[1], liePause * 2);
      probation = PROBATION;
      strikes = 0;
    },
    garbled: fail,
    slow: rest,
    report: (head) => ({
      name,
      state: stateOf(head),
      code: fault?.code ?? null,
      height,
      lag: lagOf(head),
      latencyMs: Math.round(figures.latencyMs * 10) / 10,
      asked: figures.asked,
      failed: figures.failed,
      contradicted: figures.contradicted,
      retryInMs: fault === null ? 0 : Math.max(0, Math.round(fault.until - clock.monotonic())),
    }),
  };
};
