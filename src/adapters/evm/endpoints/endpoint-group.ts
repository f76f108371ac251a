import type { Clock } from "../../../core/clock.ts";
import { fabricError } from "../../../core/errors/fabric-error.ts";
import type { ChainName } from "../../../core/ids.ts";
import { toQuantity, type RpcAnswer, type RpcOptions } from "../evm-rpc.ts";
import {
  ABSENT,
  blockKey,
  blockPlace,
  minedPlace,
  quantityKey,
  quantityOf,
  REFUSED,
  type AnswerKey,
} from "./answer-keys.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PoolReport } from "./endpoint-report.ts";
import { gather, mismatchIn, type Votes } from "./gather.ts";
import { reduceVouched, vouchedFor } from "./reduce-votes.ts";

/** So often a question for the head goes to every endpoint, so that those in reserve are known to be well, ms. */
const ROLL_CALL_MS = 15_000;

export interface CollectOptions extends RpcOptions {
  /** Ask all; once a quorum has spoken, wait for the rest only as long as they keep coming. */
  readonly everyone?: boolean;
  /** Default: the group's. */
  readonly quorum?: number;
}

/** The endpoints of one chain: who is asked, and what follows from what they said. */
export interface EndpointGroup {
  readonly quorum: number;
  collect(
    method: string,
    params: readonly unknown[],
    keyOf: AnswerKey,
    options?: CollectOptions,
  ): Promise<Votes>;
  /** Why there is no answer: too few, or too different ones. */
  undecided(method: string, votes: Votes): Error;
  /** A height that a quorum says it has, asked of everybody. */
  askHeight(options: RpcOptions): Promise<bigint>;
  /** Call it with each question for the head: now and then those in reserve are asked too. Nobody waits for them. */
  rollCall(): void;
  /** Lets those on probation speak of a block that is known. Nobody waits for them. */
  examine(block: RpcAnswer): void;
  report(): PoolReport;
}

/** Keeps the heights that were answered. */
export const noteHeights = ({ votes }: Pick<Votes, "votes">): void => {
  for (const { endpoint, answer } of votes) {
    const seen = quantityOf(answer) ?? blockPlace(answer)?.number ?? null;
    if (seen !== null && seen <= BigInt(Number.MAX_SAFE_INTEGER)) endpoint.sawHeight(Number(seen));
  }
};

/** Whether an answer claims something, rather than to know nothing. */
export const isClaim = ({ key }: { readonly key: string }): boolean =>
  key !== ABSENT && key !== REFUSED;

/** What of the answers about one fixed place of the chain was right, after a quorum has said what is. */
export const judge = ({ votes, agreed }: Votes): void => {
  const [right] = agreed;
  if (!right) return;
  for (const vote of votes)
    if (vote.key === right.key) vote.endpoint.agreed();
    else if (isClaim(vote) && isClaim(right))
      vote.endpoint.contradicted(isHard(vote.answer, right.answer) ? "hard" : "soft");
};

/** Two receipts of one block that differ, or two contents of one hash: no reorganisation makes those. */
const isHard = (one: RpcAnswer, other: RpcAnswer): boolean => {
  const here = minedPlace(one) ?? blockPlace(one);
  const there = minedPlace(other) ?? blockPlace(other);
  return here !== null && there !== null && here.hash === there.hash;
};

/** Lets one endpoint speak of a block that is known. */
const speakOf = async (
  endpoint: Endpoint,
  place: { readonly number: bigint; readonly hash: string },
): Promise<void> => {
  const params = [toQuantity(place.number), false];
  try {
    const seen = blockPlace(await endpoint.ask("eth_getBlockByNumber", params));
    if (seen?.hash === place.hash) endpoint.agreed();
    else if (seen) endpoint.contradicted("soft");
  } catch {
    // It rests for its failure.
  }
};

/** Asks one endpoint for its newest block. What it does wrong stands in its report. */
export const refreshEndpoint = async (endpoint: Endpoint, options?: RpcOptions): Promise<void> => {
  try {
    const answer = await endpoint.ask("eth_getBlockByNumber", ["latest", false], options);
    if (blockKey(answer) === null) endpoint.garbled();
    else noteHeights({ votes: [{ endpoint, answer, key: "" }] });
  } catch {
    // It rests for its failure.
  }
};

/** @see EndpointGroup */
export const createEndpointGroup = (parts: {
  readonly name: ChainName;
  readonly endpoints: readonly Endpoint[];
  readonly quorum: number;
  readonly hedgeMs: number;
  readonly clock: Clock;
}): EndpointGroup => {
  const { name, endpoints, quorum, hedgeMs, clock } = parts;
  let lastRollCall = Number.NEGATIVE_INFINITY;

  /** The height that a quorum has been seen at: one that claims more makes nobody else a laggard. */
  const knownHead = (): number | null => {
    const heights = endpoints.flatMap((one) => one.height() ?? []);
    const head = vouchedFor(heights.map(BigInt), quorum);
    return head === null ? null : Number(head);
  };

  /** Who is asked, in this order: what fails is asked only when there are too few others, and what lied never. */
  const inTurn = (): readonly Endpoint[] => {
    const head = knownHead();
    const of = (state: string) => endpoints.filter((one) => one.state(head) === state);
    const ready = [...of("live"), ...of("lagging")];
    const resting = of("quarantined").filter((one) => one.code() !== "CHAIN_ENDPOINTS_DISAGREE");
    return ready.length >= quorum ? ready : [...ready, ...resting];
  };

  const collect: EndpointGroup["collect"] = async (method, params, keyOf, options = {}) =>
    await gather({
      method,
      params,
      keyOf,
      clock,
      hedgeMs,
      endpoints: inTurn(),
      quorum: options.quorum ?? quorum,
      signal: options.signal,
      everyone: options.everyone ?? false,
    });

  const undecided: EndpointGroup["undecided"] = (method, { votes, failures }) => {
    if (votes.length >= quorum) {
      const names = votes.map(({ endpoint }) => endpoint.name).join(", ");
      return fabricError("CHAIN_ENDPOINTS_DISAGREE", { chain: name, method, endpoints: names });
    }
    const mismatch = mismatchIn(failures);
    if (mismatch) return mismatch;
    const reason = `${votes.length} of ${endpoints.length} endpoints answer, ${quorum} must agree`;
    return fabricError("CHAIN_UNREACHABLE", { chain: name, reason });
  };

  return {
    quorum,
    collect,
    undecided,
    askHeight: async (options) => {
      const method = "eth_blockNumber";
      const votes = await collect(method, [], quantityKey, { ...options, everyone: true });
      noteHeights(votes);
      const answer = reduceVouched(votes.votes, quorum);
      const height = answer ? quantityOf(answer) : null;
      if (height === null) throw undecided(method, votes);
      return height;
    },
    rollCall: () => {
      const now = clock.monotonic();
      if (now - lastRollCall < ROLL_CALL_MS) return;
      lastRollCall = now;
      for (const one of endpoints) if (one.state(null) !== "quarantined") void refreshEndpoint(one);
    },
    examine: (block) => {
      const place = blockPlace(block);
      if (!place) return;
      for (const one of endpoints) if (one.state(null) === "probation") void speakOf(one, place);
    },
    report: () => {
      const head = knownHead();
      return { quorum, endpoints: endpoints.map((one) => one.report(head)) };
    },
  };
};
