import type { Clock } from "../../../core/clock.ts";
import { isFabricError, type FabricError } from "../../../core/errors/fabric-error.ts";
import type { RpcAnswer } from "../evm-rpc.ts";
import type { Endpoint } from "./endpoint.ts";

/** What one endpoint answered, and under which key it agrees with others. */
export interface Vote {
  readonly endpoint: Endpoint;
  readonly answer: RpcAnswer;
  /** Equal keys mean equal answers. */
  readonly key: string;
}

/** Every answer that came, and whether a key has enough of them. */
export interface Votes {
  readonly votes: readonly Vote[];
  /** Votes of the key that reached the quorum; empty when none did. */
  readonly agreed: readonly Vote[];
  /** Errors of those that did not answer. */
  readonly failures: readonly unknown[];
}

export interface GatherOptions {
  readonly method: string;
  readonly params: readonly unknown[];
  /** In the order in which they are asked. */
  readonly endpoints: readonly Endpoint[];
  readonly quorum: number;
  /** Null: of no usable form, which counts as no answer. */
  readonly keyOf: (answer: RpcAnswer) => string | null;
  readonly clock: Clock;
  /** Silence after which one more is asked, ms. */
  readonly hedgeMs: number;
  readonly signal: AbortSignal | undefined;
  /** Ask all; once a quorum has spoken, wait for the rest only as long as they keep coming. */
  readonly everyone?: boolean;
}

const largestGroup = (votes: readonly Vote[]): readonly Vote[] => {
  const groups = new Map<string, Vote[]>();
  let largest: readonly Vote[] = [];
  for (const vote of votes) {
    const group = groups.get(vote.key) ?? [];
    groups.set(vote.key, group);
    group.push(vote);
    if (group.length > largest.length) largest = group;
  }
  return largest;
};

/**
 * Asks as few endpoints as can give a quorum, and one more for each that fails, contradicts or is slow, until enough
 * agree or all have spoken. Throws the signal's reason.
 */
export const gather = async (options: GatherOptions): Promise<Votes> => {
  const { endpoints, quorum, signal } = options;
  signal?.throwIfAborted();
  const votes: Vote[] = [];
  const failures: unknown[] = [];
  const ending = new AbortController();
  const pending = new Set<Endpoint>();
  let next = 0;
  let turn: (() => void) | null = null;
  const again = () =>
    new Promise<void>((resolve) => {
      turn = resolve;
    });

  const end = (): void => {
    ending.abort(signal?.reason);
    turn?.();
  };
  signal?.addEventListener("abort", end, { once: true });

  const askOne = async (endpoint: Endpoint): Promise<void> => {
    try {
      const answer = await endpoint.ask(options.method, options.params, { signal: ending.signal });
      const key = options.keyOf(answer);
      if (key !== null) votes.push({ endpoint, answer, key });
      else if (!ending.signal.aborted) endpoint.garbled();
    } catch (error) {
      failures.push(error);
    } finally {
      pending.delete(endpoint);
      turn?.();
    }
  };
  const launch = (): boolean => {
    const endpoint = endpoints[next];
    if (endpoint === undefined) return false;
    next += 1;
    pending.add(endpoint);
    void askOne(endpoint);
    return true;
  };

  /** Whether nothing happened for too long. */
  const isSlow = async (changed: Promise<void>): Promise<boolean> => {
    const waiting = new AbortController();
    const slow = options.clock.sleep(options.hedgeMs, { signal: waiting.signal }).then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([changed.then(() => false), slow]);
    } finally {
      waiting.abort();
    }
  };

  try {
    for (;;) {
      const agreed = largestGroup(votes);
      if (options.everyone !== true && agreed.length >= quorum) return { votes, agreed, failures };
      const missing = options.everyone === true ? endpoints.length : quorum - agreed.length;
      const changed = again();
      while (pending.size < missing && launch()) continue;
      if (pending.size === 0) {
        if (next < endpoints.length) continue;
        return { votes, agreed: agreed.length >= quorum ? agreed : [], failures };
      }
      const isEnough = options.everyone === true && votes.length >= quorum;
      if ((isEnough || next < endpoints.length) && (await isSlow(changed))) {
        for (const endpoint of pending) endpoint.slow();
        if (!launch()) return { votes, agreed: agreed.length >= quorum ? agreed : [], failures };
      } else await changed;
      signal?.throwIfAborted();
    }
  } finally {
    signal?.removeEventListener("abort", end);
    // Nobody waits for the rest.
    ending.abort();
  }
};

/** The first failure that says more than silence: an endpoint of another chain. */
export const mismatchIn = (failures: readonly unknown[]): FabricError | undefined =>
  failures.find((failure) => isFabricError(failure, "CHAIN_MISMATCH"));
