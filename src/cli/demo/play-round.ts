import { fabricError } from "../../core/errors/fabric-error.ts";
import type { FabricEvent } from "../../host/fabric-events.ts";
import type { RoundView } from "../../host/fabric.ts";
import type { DemoRound, DemoSource } from "./demo-data.ts";
import type { DemoFeed } from "./demo-feed.ts";
import type { DemoStage } from "./demo-stage.ts";
import { openEventLog, type EventLog } from "./event-log.ts";

type EventOf<Type extends FabricEvent["type"]> = Extract<FabricEvent, { readonly type: Type }>;

/** One round from its sources to the consumer's eyes. */
export interface PlayedRound {
  readonly view: RoundView;
  readonly bundle: unknown;
  readonly sources: readonly DemoSource[];
  readonly round: DemoRound;
}

const isPublishingRun = (event: FabricEvent): event is EventOf<"run-finished"> =>
  event.type === "run-finished" && event.publish !== null;
const isCommit = (event: FabricEvent): event is EventOf<"round-committed"> =>
  event.type === "round-committed";
const isLanding =
  (round: number) =>
  (event: FabricEvent): event is EventOf<"delivery"> =>
    event.type === "delivery" &&
    event.delivery.round === round &&
    ["final", "failed", "superseded"].includes(event.delivery.status);

/** Some services tell no time of their own; the round's time stands for it, which is never later than the answer. */
const toSources = (finished: EventOf<"run-finished">, roundTime: number): DemoSource[] =>
  finished.sources.flatMap(({ id, mode, value, observedAt, error }) =>
    error === null && mode !== null && value !== null
      ? [{ id, mode, value, observedAt: observedAt ?? roundTime }]
      : [],
  );

/** The transaction by which a round landed. Throws `DEMO_UNEXPECTED` when it did not. */
const readLanding = ({ delivery }: EventOf<"delivery">) => {
  const { status, error, transaction, blockNumber, round } = delivery;
  if (status === "final" && transaction !== null && blockNumber !== null)
    return { transaction, blockNumber };
  throw fabricError("DEMO_UNEXPECTED", {
    expected: `round ${round} on chain`,
    actual: `${status} ${error ?? ""}`.trim(),
  });
};

/** Follow the next round of a feed in `news`, told as it happens, until the consumer contract reads it. */
const follow = async (
  stage: DemoStage,
  feed: DemoFeed,
  news: EventLog,
  sourcesLimit: { readonly limitMs?: number } = {},
): Promise<PlayedRound> => {
  const { emit, signal } = stage;
  const { decimals, unit, mode } = feed;
  emit({ type: "waiting", what: "Asking the sources" });
  const finished = await news.wait(isPublishingRun, {
    what: "the sources' answers",
    signal,
    ...sourcesLimit,
  });
  emit({ ...finished, unit });
  const { round: view, outboxMessageId } = await news.wait(isCommit, {
    what: "a signed round",
    signal,
  });
  const signedAnswer = view.answer ?? "";
  emit({
    type: "round-signed",
    round: view.round,
    signedAnswer,
    decimals,
    unit,
    mode,
    simulated: view.simulated,
    envelope: view.envelopeDigest,
    signer: feed.enclave.signer,
    outboxMessageId,
  });
  emit({ type: "waiting", what: "Waiting for the chain" });
  const landed = await news.wait(isLanding(view.round), {
    what: `round ${view.round} on chain`,
    signal,
  });
  const { transaction, blockNumber } = readLanding(landed);
  const { chain, contract } = landed.delivery;
  const durationMs = Date.now() - view.issuedAt;
  emit({
    type: "round-delivered",
    round: view.round,
    chain,
    contract,
    transaction,
    blockNumber,
    durationMs,
  });
  const read = await stage.chain.read(feed.contracts);
  const consumerAnswer = read.answer.toString();
  const { consumer } = feed.contracts;
  const { updatedAt } = read;
  emit({
    type: "consumer-read",
    consumer,
    round: read.round,
    consumerAnswer,
    decimals: read.decimals,
    unit,
    updatedAt,
  });
  if (consumerAnswer !== signedAnswer || read.round !== view.round)
    throw fabricError("DEMO_UNEXPECTED", {
      expected: `the consumer to read ${signedAnswer} of round ${view.round}`,
      actual: `${consumerAnswer} of round ${read.round}`,
    });
  return {
    view,
    bundle: await feed.fabric.envelopes.bundle(view.envelopeDigest),
    sources: toSources(finished, view.observedAt),
    round: {
      feed: feed.id,
      round: view.round,
      signedAnswer,
      consumerAnswer,
      envelope: view.envelopeDigest,
      transaction,
    },
  };
};

/**
 * The first round, which the fabric began on its own when it started. `limitMs` is how long its sources may take.
 * Throws `DEMO_TIMED_OUT`.
 */
export const playFirstRound = (
  stage: DemoStage,
  feed: DemoFeed,
  options: { readonly limitMs?: number } = {},
): Promise<PlayedRound> =>
  stage.stopwatch
    .time(`first round (${feed.mode})`, () => follow(stage, feed, feed.log, options))
    .then(({ value }) => value);

/** The round that follows from `cause`, which happens once everybody listens. */
export const playNextRound = async (
  stage: DemoStage,
  feed: DemoFeed,
  cause: () => void,
): Promise<PlayedRound> => {
  const news = openEventLog(feed.fabric.events);
  try {
    const { value } = await stage.stopwatch.time("next round", () => {
      cause();
      return follow(stage, feed, news);
    });
    return value;
  } finally {
    news.close();
  }
};
